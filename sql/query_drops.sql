-- The newest :limit lost records, oldest first; of run :run, of rule :rule,
-- failed (:failed 1) or dropped (0), where these are not NULL.
SELECT l.run, r.tool, CASE l.failed WHEN 1 THEN 'failed' ELSE 'dropped' END
	AS lost,
	coalesce(a.text, l.kind || ':' || lower(hex(l.hash))) AS id,
	l.rule, l.value, l.threshold, l.reason,
	CASE WHEN l.call IS NOT NULL THEN lower(hex(l.call)) END AS call,
	l.record
FROM loss l LEFT JOIN run r ON r.run = l.run
LEFT JOIN alias a ON l.kind = '' AND a.hash = l.hash
WHERE l.loss IN (SELECT loss FROM loss
    WHERE (:run IS NULL OR run = :run) AND (:rule IS NULL OR rule = :rule)
    AND (:failed IS NULL OR failed = :failed)
    ORDER BY loss DESC LIMIT :limit)
ORDER BY l.loss;
