-- The funnel of :runs, a JSON array; of NULL, of the newest run of each command
-- line that came to its end.  rules: what each rule took, as JSON.
WITH chosen(run) AS (
	SELECT value FROM json_each(:runs)
	UNION ALL
	SELECT max(run) FROM run
	WHERE :runs IS NULL AND status IN ('done', 'rejected')
	GROUP BY tool, argv),
taken AS MATERIALIZED (
	SELECT * FROM rules WHERE run IN (SELECT run FROM chosen)
	ORDER BY lost, records DESC, rule, threshold)
SELECT f.tool, f.records_in, f.passed, f.dropped, f.failed, f.records_out,
	(SELECT json_group_array(json_object('rule', t.rule, 'records',
	    t.records)) FROM taken t WHERE t.run = f.run) AS rules
FROM funnel f WHERE f.run IN (SELECT run FROM chosen) ORDER BY f.run;
