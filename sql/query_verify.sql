-- What is wrong with rows that can be judged by SQL: a finding a row.
SELECT 'error' AS level, 'run' AS "check", 'segment ' || segment ||
	' is of run ' || run || ', which is not there' AS finding
FROM segment WHERE run NOT IN (SELECT run FROM run)
UNION ALL
SELECT 'error', 'run', 'loss ' || loss || ' is of run ' || run ||
	', which is not there'
FROM loss WHERE run NOT IN (SELECT run FROM run)
UNION ALL
SELECT 'error', 'run', 'input ' || seq || ' is of run ' || run ||
	', which is not there'
FROM input WHERE run NOT IN (SELECT run FROM run)
UNION ALL
SELECT 'error', 'run', 'note ' || name || ' is of run ' || run ||
	', which is not there'
FROM note WHERE run NOT IN (SELECT run FROM run)
UNION ALL
SELECT 'error', 'run', 'call ' || lower(hex(hash)) || ' is of run ' || run ||
	', which is not there'
FROM call WHERE run IS NOT NULL AND run NOT IN (SELECT run FROM run)
UNION ALL
SELECT 'error', 'packing', 'segment ' || segment || ' of run ' || run ||
	' says it has ' || n || ' records, and its bytes do not'
FROM segment WHERE n NOT BETWEEN 1 AND 250 OR length(ids) <> 16 * n OR
	coalesce(length(froms), 16 * n) <> 16 * n OR
	coalesce(length(calls), 16 * n) <> 16 * n OR
	(from_kind IS NULL) <> (froms IS NULL)
UNION ALL
SELECT 'error', 'packing', 'loss ' || loss || ' of run ' || run ||
	' has an id that is not of 16 bytes'
FROM loss WHERE length(hash) <> 16
UNION ALL
SELECT 'error', 'sum', 'run ' || run || ' (' || tool || ') read ' ||
	records_in || ' records, but ' || passed || ' passed, ' || dropped ||
	' were dropped and ' || failed || ' failed'
FROM run WHERE status IN ('done', 'rejected') AND
	records_in <> passed + dropped + failed
UNION ALL
SELECT 'error', 'sum', 'run ' || r.run || ' (' || r.tool || ') lost ' ||
	(r.dropped + r.failed) || ' records, and the ledger has ' ||
	coalesce(l.n, 0)
FROM run r LEFT JOIN (SELECT run, count(*) AS n FROM loss GROUP BY run) l
	ON l.run = r.run
WHERE r.status IN ('done', 'rejected') AND
	r.dropped + r.failed <> coalesce(l.n, 0)
UNION ALL
SELECT 'error', 'sum', 'run ' || r.run || ' (' || r.tool || ') wrote ' ||
	r.records_out || ' records, and the ledger has ' || coalesce(s.n, 0)
FROM run r LEFT JOIN (SELECT run, sum(n) AS n FROM segment GROUP BY run) s
	ON s.run = r.run
WHERE r.status IN ('done', 'rejected') AND r.records_out > coalesce(s.n, 0)
UNION ALL
SELECT 'error', 'call', 'a lost record of run ' || l.run || ' (loss ' ||
	l.loss || ') names call ' || lower(hex(l.call)) ||
	', which is not there'
FROM loss l WHERE l.call IS NOT NULL AND
	NOT EXISTS (SELECT 1 FROM call c WHERE c.hash = l.call)
UNION ALL
SELECT 'error', 'call', 'a record of run ' || s.run || ' (segment ' ||
	s.segment || ') names call ' ||
	lower(hex(substr(s.calls, 16 * k.n + 1, 16))) ||
	', which is not there'
FROM segment s JOIN nat k ON k.n < s.n WHERE s.calls IS NOT NULL AND
	NOT EXISTS (SELECT 1 FROM call c
	WHERE c.hash = substr(s.calls, 16 * k.n + 1, 16));
