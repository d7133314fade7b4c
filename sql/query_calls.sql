-- The newest :limit calls, oldest first; of run :run if it is not NULL.
SELECT * FROM (SELECT call, run, tool, answered, endpoint, model, resolved,
	finish, http_status, attempts, latency_ms, tokens_in, tokens_cached,
	tokens_out, tokens_reasoning, cost_usd, paid, server_id
	FROM calls WHERE :run IS NULL OR run = :run
	ORDER BY answered DESC, call DESC LIMIT :limit)
ORDER BY answered, call;
