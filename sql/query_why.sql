-- One entry of the story of a record: what is known of run :run and of the
-- call :hash behind it, beside what the caller knows of the record.
SELECT :depth AS depth, :id AS id, :how AS how, :run AS run, r.tool,
	r.version, strftime('%Y-%m-%dT%H:%M:%SZ', r.started_ms / 1000,
	    'unixepoch') AS started,
	r.model, r.endpoint, r.prompt,
	CASE WHEN r.prompt_sha256 IS NOT NULL
	    THEN lower(hex(r.prompt_sha256)) END AS prompt_sha256,
	:from AS "from",
	CASE WHEN :hash IS NOT NULL THEN lower(hex(:hash)) END AS call,
	c.resolved, c.finish, c.latency_ms, c.tokens_in, c.tokens_cached,
	c.tokens_out, c.tokens_reasoning,
	coalesce(c.cost_pusd, (SELECT
	    (c.tokens_in - coalesce(c.tokens_cached, 0)) * p.in_pusd +
	    coalesce(c.tokens_cached, 0) * coalesce(p.cached_pusd, p.in_pusd) +
	    c.tokens_out * p.out_pusd
	    FROM price p WHERE p.model = c.model AND
	    p.since <= date(c.answered_ms / 1000, 'unixepoch')
	    ORDER BY p.since DESC LIMIT 1)) / 1e12 AS cost_usd,
	:rule AS rule, :value AS value, :threshold AS threshold,
	:reason AS reason
FROM (SELECT 1) LEFT JOIN run r ON r.run = :run
LEFT JOIN call c ON c.hash = :hash;
