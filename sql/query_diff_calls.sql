-- The first :limit records for which the two sides made different calls, and
-- both requests: the nth call of one side beside the nth of the other.
WITH differing AS MATERIALIZED (SELECT l.pos, l.key_kind, l.key_hash, l.nth,
	l.call AS left_call, r.call AS right_call
	FROM temp.asked l CROSS JOIN temp.asked r ON r.side = 1 AND
	r.key_hash = l.key_hash AND r.key_kind = l.key_kind AND
	r.nth = l.nth AND r.call <> l.call
	WHERE l.side = 0
	ORDER BY l.pos, l.key_kind, l.key_hash, l.nth LIMIT :limit)
SELECT d.key_kind, d.key_hash, lower(hex(d.left_call)),
	lower(hex(d.right_call)), a.request, b.request
FROM differing d LEFT JOIN call a ON a.hash = d.left_call
LEFT JOIN call b ON b.hash = d.right_call
ORDER BY d.pos, d.key_kind, d.key_hash, d.nth;
