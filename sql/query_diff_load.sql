-- Unpack the records of the runs in temp.side (0 left, 1 right): key is
-- what a call was made for, the parent of a record, or the record itself.
CREATE TEMP TABLE made AS SELECT t.side, 256 * s.segment + k.n AS pos,
	coalesce(s.from_kind, s.kind) AS key_kind,
	substr(coalesce(s.froms, s.ids), 16 * k.n + 1, 16) AS key_hash,
	s.kind, substr(s.ids, 16 * k.n + 1, 16) AS hash,
	substr(s.calls, 16 * k.n + 1, 16) AS call
FROM temp.side t CROSS JOIN segment s ON s.run = t.run
CROSS JOIN nat k ON k.n < s.n;
INSERT INTO temp.made SELECT t.side, 9e18, l.kind, l.hash, NULL, NULL, l.call
FROM temp.side t CROSS JOIN loss l ON l.run = t.run WHERE l.call IS NOT NULL;

-- The calls of each key, numbered: several are rollouts.
CREATE TEMP TABLE asked AS SELECT side, key_kind, key_hash, call, pos,
	row_number() OVER (PARTITION BY side, key_kind, key_hash
	ORDER BY pos, call) AS nth
FROM (SELECT side, key_kind, key_hash, call, min(pos) AS pos
	FROM temp.made WHERE call IS NOT NULL
	GROUP BY side, key_kind, key_hash, call);
CREATE INDEX temp.asked_key ON asked (side, key_hash, key_kind, nth);
