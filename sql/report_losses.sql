-- The first :n lost records of each tool and rule, with how many there were:
-- of :runs, a JSON array, or of NULL the newest run of each command line.  At
-- most 150.
WITH chosen(run) AS (
	SELECT value FROM json_each(:runs)
	UNION ALL
	SELECT max(run) FROM run WHERE :runs IS NULL AND status IS NOT NULL
	GROUP BY tool, argv),
numbered AS (
	SELECT loss, run, failed, rule, row_number() OVER rules AS nth,
	    count(*) OVER (PARTITION BY run, failed, rule) AS records
	FROM loss WHERE run IN (SELECT run FROM chosen)
	WINDOW rules AS (PARTITION BY run, failed, rule ORDER BY hash)),
shown AS MATERIALIZED (
	SELECT * FROM numbered WHERE nth <= :n
	ORDER BY run, failed, records DESC, rule, nth LIMIT 150)
SELECT coalesce(r.tool, ''), CASE l.failed WHEN 1 THEN 'failed'
	ELSE 'dropped' END AS lost, l.rule, s.records,
	coalesce(a.text, l.kind || ':' || lower(hex(l.hash))) AS id, l.reason,
	l.record
FROM shown s JOIN loss l ON l.loss = s.loss
LEFT JOIN run r ON r.run = l.run
LEFT JOIN alias a ON l.kind = '' AND a.hash = l.hash
ORDER BY s.run, s.failed, s.records DESC, s.rule, s.nth;
