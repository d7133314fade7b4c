-- How many records and calls the two sides share, and have alone.
WITH lr AS (SELECT DISTINCT kind, hash FROM temp.made
	WHERE side = 0 AND kind IS NOT NULL),
rr AS (SELECT DISTINCT kind, hash FROM temp.made
	WHERE side = 1 AND kind IS NOT NULL),
lc AS (SELECT DISTINCT call FROM temp.made
	WHERE side = 0 AND call IS NOT NULL),
rc AS (SELECT DISTINCT call FROM temp.made
	WHERE side = 1 AND call IS NOT NULL)
SELECT (SELECT count(*) FROM lr), (SELECT count(*) FROM rr),
	(SELECT count(*) FROM (SELECT * FROM lr INTERSECT SELECT * FROM rr)),
	(SELECT count(*) FROM lc), (SELECT count(*) FROM rc),
	(SELECT count(*) FROM (SELECT * FROM lc INTERSECT SELECT * FROM rc));
