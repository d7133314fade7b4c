-- The calls of all runs, or of :runs, a JSON array: who made them, when they
-- were answered, what they took.  usd is NULL where the price is not known.
SELECT coalesce(r.tool, 'recorded earlier') AS tool,
	coalesce(c.model, '') AS model, c.answered_ms, c.tokens_in,
	c.tokens_out,
	coalesce(c.cost_pusd, (SELECT
	    (c.tokens_in - coalesce(c.tokens_cached, 0)) * p.in_pusd +
	    coalesce(c.tokens_cached, 0) * coalesce(p.cached_pusd, p.in_pusd) +
	    c.tokens_out * p.out_pusd
	    FROM price p WHERE p.model = c.model AND
	    p.since <= date(c.answered_ms / 1000, 'unixepoch')
	    ORDER BY p.since DESC LIMIT 1)) * c.paid / 1e12 AS usd
FROM call c LEFT JOIN run r ON r.run = c.run
WHERE :runs IS NULL OR c.run IN (SELECT value FROM json_each(:runs));
