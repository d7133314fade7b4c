-- The call named :hash, in full.  View calls cannot be searched by name
-- without reading it all.
SELECT lower(hex(c.hash)) AS call, c.run, r.tool,
	strftime('%Y-%m-%dT%H:%M:%fZ', c.answered_ms / 1000.0, 'unixepoch')
	    AS answered,
	c.endpoint, c.model, c.resolved, c.finish, c.http_status, c.attempts,
	c.latency_ms, c.tokens_in, c.tokens_cached, c.tokens_out,
	c.tokens_reasoning,
	coalesce(c.cost_pusd, (SELECT
	    (c.tokens_in - coalesce(c.tokens_cached, 0)) * p.in_pusd +
	    coalesce(c.tokens_cached, 0) * coalesce(p.cached_pusd, p.in_pusd) +
	    c.tokens_out * p.out_pusd
	    FROM price p WHERE p.model = c.model AND
	    p.since <= date(c.answered_ms / 1000, 'unixepoch')
	    ORDER BY p.since DESC LIMIT 1)) / 1e12 AS cost_usd,
	c.paid, c.server_id, c.request, c.reply
FROM call c LEFT JOIN run r ON r.run = c.run
WHERE c.hash = :hash;
