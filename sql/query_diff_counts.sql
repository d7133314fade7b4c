-- How many records and calls both sides have, only the left, only the right.
SELECT sum(a <> b), sum(b = 0), sum(a = 1) FROM (SELECT min(side) AS a,
	max(side) AS b FROM temp.made WHERE kind IS NOT NULL
	GROUP BY hash, kind)
UNION ALL
SELECT sum(a <> b), sum(b = 0), sum(a = 1) FROM (SELECT min(side) AS a,
	max(side) AS b FROM temp.made WHERE call IS NOT NULL
	GROUP BY call);
