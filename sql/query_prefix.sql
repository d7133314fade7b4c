-- Blocks of the lookup table :what that can hold the hashes whose first 8
-- bytes are from :lo to :hi: of each batch the last block that begins before
-- :lo, and those that begin up to :hi.
WITH RECURSIVE b(batch) AS (
	SELECT max(batch) FROM lookup WHERE what = :what
	UNION ALL
	SELECT (SELECT max(p.batch) FROM lookup p WHERE p.what = :what AND
		p.batch < b.batch)
	FROM b WHERE b.batch IS NOT NULL)
SELECT k.pairs FROM b CROSS JOIN lookup k ON k.what = :what AND
	k.batch = b.batch AND k.first <= :hi AND k.first >= coalesce(
	(SELECT max(f.first) FROM lookup f WHERE f.what = :what AND
	f.batch = b.batch AND f.first < :lo), x'');
