-- The first :n lost records of each tool and rule, of the newest run of each
-- command line, with how many there were.
WITH newest AS (
	SELECT max(run) AS run FROM runs WHERE status <> 'unfinished'
	GROUP BY tool, argv),
numbered AS (
	SELECT l.*, row_number() OVER (PARTITION BY run, lost, rule
	    ORDER BY id) AS nth, count(*) OVER (PARTITION BY run, lost, rule)
	    AS records
	FROM losses l WHERE run IN (SELECT run FROM newest))
SELECT coalesce(tool, ''), lost, rule, records, id, reason, record
FROM numbered WHERE nth <= :n ORDER BY run, lost, records DESC, rule, nth;
