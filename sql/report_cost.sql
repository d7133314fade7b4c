-- What each tool's calls took, by model, over all runs of the ledger.
SELECT coalesce(tool, 'recorded earlier') AS tool,
	coalesce(model, '') AS model, sum(calls) AS calls, sum(tokens_in) AS tokens_in,
	sum(tokens_out) AS tokens_out,
	CASE WHEN sum(unpriced) > 0 THEN NULL ELSE sum(cost_usd) END AS cost_usd
FROM cost GROUP BY 1, 2 ORDER BY min(run), 2;
