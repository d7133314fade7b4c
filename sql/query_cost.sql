-- What each run (or :run) paid, by model, and a total.  A run's hits stand in
-- its first row.  A run that only had hits has a row as well; so have calls
-- that no run in this ledger made.
WITH rows AS (
	SELECT c.run, c.tool, c.model, c.calls,
	    CASE WHEN row_number() OVER (PARTITION BY c.run ORDER BY c.model)
	    = 1 THEN coalesce(r.hits, 0) ELSE 0 END AS hits, c.paid_twice, c.tokens_in,
	    c.tokens_cached, c.tokens_out, c.tokens_reasoning, c.cost_usd,
	    c.unpriced
	FROM cost c LEFT JOIN run r ON r.run = c.run
	UNION ALL
	SELECT run, tool, model, 0, hits, 0, NULL, NULL, NULL, NULL, 0, 0
	FROM run WHERE hits > 0 AND run NOT IN
	    (SELECT run FROM call WHERE run IS NOT NULL)),
chosen AS MATERIALIZED (
	SELECT * FROM rows WHERE :run IS NULL OR run = :run),
table_of AS (
	SELECT 0 AS part, * FROM chosen
	UNION ALL
	SELECT 1, NULL, 'total', NULL, sum(calls), sum(hits),
	    sum(paid_twice), sum(tokens_in), sum(tokens_cached),
	    sum(tokens_out), sum(tokens_reasoning),
	    CASE WHEN sum(calls) = sum(unpriced) AND sum(calls) > 0 THEN NULL
	    ELSE total(cost_usd) END, sum(unpriced)
	FROM chosen HAVING count(*) > 0)
SELECT run, tool, model, calls, hits, paid_twice, tokens_in, tokens_cached,
	tokens_out, tokens_reasoning, cost_usd, unpriced
FROM table_of ORDER BY part, run, model;
