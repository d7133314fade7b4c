-- The newest :limit runs (all if negative), or run :run; oldest first.
SELECT * FROM runs
WHERE run IN (SELECT run FROM run WHERE :run IS NULL OR run = :run
    ORDER BY run DESC LIMIT :limit)
ORDER BY run;
