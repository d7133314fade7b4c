-- The first :limit records for which the two sides made different calls, and
-- both requests.  Of several calls for a record (rollouts) the nth of one side
-- stands beside the nth of the other.
WITH asked AS (SELECT side, key_kind, key_hash, call, min(pos) AS pos
	FROM temp.made WHERE call IS NOT NULL
	GROUP BY side, key_kind, key_hash, call),
counted AS MATERIALIZED (SELECT *, row_number() OVER
	(PARTITION BY side, key_kind, key_hash ORDER BY pos, call) AS nth
	FROM asked)
SELECT l.key_kind, l.key_hash, lower(hex(l.call)), lower(hex(r.call)),
	a.request, b.request
FROM counted l JOIN counted r ON l.side = 0 AND r.side = 1 AND
	l.key_kind = r.key_kind AND l.key_hash = r.key_hash AND
	l.nth = r.nth AND l.call <> r.call
LEFT JOIN call a ON a.hash = l.call
LEFT JOIN call b ON b.hash = r.call
ORDER BY l.pos, l.key_kind, l.key_hash, l.nth LIMIT :limit;
