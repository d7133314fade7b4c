-- The funnel of :runs, a JSON array of run numbers, in its order; of NULL, all
-- runs of the newest one's process group, in the order of their processes,
-- which is that of the pipe.  rules: what each rule took, as JSON.
WITH newest AS (SELECT host, pgid FROM run ORDER BY run DESC LIMIT 1),
chosen(run, at) AS (
	SELECT value, key FROM json_each(:runs)
	UNION ALL
	SELECT r.run, r.pid FROM run r JOIN newest n
	ON :runs IS NULL AND r.host IS n.host AND r.pgid = n.pgid),
taken AS MATERIALIZED (
	SELECT * FROM rules WHERE run IN (SELECT run FROM chosen)
	ORDER BY lost, records DESC, rule, threshold)
SELECT f.*, (SELECT json_group_array(json_object('lost', t.lost, 'rule',
	t.rule, 'threshold', t.threshold, 'records', t.records))
	FROM taken t WHERE t.run = f.run) AS rules
FROM chosen c JOIN funnel f ON f.run = c.run
ORDER BY c.at, f.run;
