-- Take the attached ledger "other" into this one, inside the caller's
-- transaction.  temp.merged says afterwards what came.

DROP TABLE IF EXISTS temp.merging;
DROP TABLE IF EXISTS temp.merged;

-- Runs of the other ledger and their numbers here.  state 1: new; 2: it is
-- unfinished here, and the other ledger knows more of it; 0: known.
CREATE TEMP TABLE merging AS SELECT o.run AS old, r.run AS new, o.uid,
	CASE WHEN r.run IS NULL THEN 1 WHEN r.ended_ms IS NULL AND
	    (o.ended_ms IS NOT NULL OR o.updated_ms > r.updated_ms) THEN 2
	    ELSE 0 END AS state
	FROM other.run o LEFT JOIN main.run r ON r.uid = o.uid;
CREATE UNIQUE INDEX temp.merging_old ON merging (old);
CREATE TEMP TABLE merged (what TEXT PRIMARY KEY, n INTEGER);

INSERT INTO main.run (uid, tool, version, argv, host, pid, pgid, started_ms,
	updated_ms, ended_ms, status, message, model, endpoint, prompt,
	prompt_sha256, params, records_in, passed, dropped, failed,
	records_out, calls, hits, cost_pusd, unpriced)
	SELECT uid, tool, version, argv, host, pid, pgid, started_ms,
	updated_ms, ended_ms, status, message, model, endpoint, prompt,
	prompt_sha256, params, records_in, passed, dropped, failed,
	records_out, calls, hits, cost_pusd, unpriced
	FROM other.run WHERE run IN
	(SELECT old FROM temp.merging WHERE state = 1) ORDER BY run;
INSERT INTO temp.merged VALUES ('runs', changes());
UPDATE temp.merging SET new = (SELECT run FROM main.run r
	WHERE r.uid = merging.uid) WHERE state = 1;

-- The other ledger has all that this one has of such a run, and more.
UPDATE main.run SET (updated_ms, ended_ms, status, message, records_in,
	passed, dropped, failed, records_out, calls, hits, cost_pusd,
	unpriced) = (SELECT updated_ms, ended_ms, status, message,
	records_in, passed, dropped, failed, records_out, calls, hits,
	cost_pusd, unpriced FROM other.run o WHERE o.uid = run.uid)
	WHERE run IN (SELECT new FROM temp.merging WHERE state = 2);
INSERT INTO temp.merged VALUES ('renewed', changes());
DELETE FROM main.segment
	WHERE run IN (SELECT new FROM temp.merging WHERE state = 2);
DELETE FROM main.loss
	WHERE run IN (SELECT new FROM temp.merging WHERE state = 2);
DELETE FROM main.input
	WHERE run IN (SELECT new FROM temp.merging WHERE state = 2);
DELETE FROM main.note
	WHERE run IN (SELECT new FROM temp.merging WHERE state = 2);

INSERT INTO main.segment (run, kind, from_kind, n, ids, froms, calls)
	SELECT m.new, s.kind, s.from_kind, s.n, s.ids, s.froms, s.calls
	FROM other.segment s JOIN temp.merging m
	ON m.old = s.run AND m.state > 0 ORDER BY s.segment;
INSERT INTO temp.merged SELECT 'records', coalesce(sum(s.n), 0)
	FROM other.segment s JOIN temp.merging m
	ON m.old = s.run AND m.state > 0;
INSERT INTO main.loss (run, failed, kind, hash, rule, value, threshold,
	reason, call, record)
	SELECT m.new, l.failed, l.kind, l.hash, l.rule, l.value, l.threshold,
	l.reason, l.call, l.record
	FROM other.loss l JOIN temp.merging m
	ON m.old = l.run AND m.state > 0 ORDER BY l.loss;
INSERT INTO temp.merged VALUES ('losses', changes());
INSERT INTO main.input (run, seq, name, records, bytes, xxh3)
	SELECT m.new, i.seq, i.name, i.records, i.bytes, i.xxh3
	FROM other.input i JOIN temp.merging m
	ON m.old = i.run AND m.state > 0;
INSERT INTO main.note (run, name, json)
	SELECT m.new, n.name, n.json FROM other.note n JOIN temp.merging m
	ON m.old = n.run AND m.state > 0;

-- A call that both ledgers paid for on their own was paid twice.  One that a
-- known run made was counted when that run came.
UPDATE main.call SET paid = paid + (SELECT o.paid FROM other.call o
	WHERE o.hash = call.hash)
	WHERE hash IN (SELECT o.hash FROM other.call o JOIN temp.merging m
	ON m.old = o.run AND m.state = 1);
-- The same call in both: one of them may have seen more.
UPDATE main.call SET paid = max(paid, (SELECT o.paid FROM other.call o
	WHERE o.hash = call.hash))
	WHERE hash IN (SELECT o.hash FROM other.call o JOIN temp.merging m
	ON m.old = o.run AND m.state <> 1
	JOIN main.call c ON c.hash = o.hash AND c.run = m.new AND
	c.answered_ms = o.answered_ms);
INSERT OR IGNORE INTO main.call (hash, run, answered_ms, endpoint, model,
	resolved, finish, server_id, http_status, attempts, latency_ms,
	tokens_in, tokens_cached, tokens_out, tokens_reasoning, cost_pusd,
	paid, request, reply)
	SELECT o.hash, m.new, o.answered_ms, o.endpoint, o.model, o.resolved,
	o.finish, o.server_id, o.http_status, o.attempts, o.latency_ms,
	o.tokens_in, o.tokens_cached, o.tokens_out, o.tokens_reasoning,
	o.cost_pusd, o.paid, o.request, o.reply
	FROM other.call o LEFT JOIN temp.merging m ON m.old = o.run
	ORDER BY o.call;
INSERT INTO temp.merged VALUES ('calls', changes());

INSERT OR IGNORE INTO main.alias SELECT hash, text FROM other.alias;
INSERT INTO temp.merged VALUES ('aliases', changes());
INSERT OR IGNORE INTO main.image
	SELECT sha256, uri, media_type, bytes FROM other.image;
INSERT INTO temp.merged VALUES ('images', changes());
INSERT OR IGNORE INTO main.price
	SELECT model, since, in_pusd, cached_pusd, out_pusd, source
	FROM other.price;
INSERT INTO temp.merged VALUES ('prices', changes());
