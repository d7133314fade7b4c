-- The ledger of riddle, version 1: where every record came from, what was lost
-- and why, what it cost.  Tables have singular names and hold bytes; views have
-- plural names, hold text, and are what people query.  The plain sqlite3
-- shell reads all of it; `.schema NAME` shows these comments.
--
-- Units: times are milliseconds since 1970-01-01 UTC; money is 1e-12 dollars
-- (pusd) in tables and dollars (usd) in views; NULL is unknown, never 0.
-- An id is a kind and 16 bytes, shown as kind:hex.  An id of another make has
-- kind '' and the hash of its text, and is shown as that text.
-- A call is named by the first 16 bytes of the SHA-256 of its request.

PRAGMA application_id = 1380207687;	-- "RDLG"; file(1) can know it

-- Facts about this file: 'salt' (hides keys in quota names),
-- 'indexed_segment' and 'indexed_loss' (how far table lookup reaches).
CREATE TABLE meta (
	name	TEXT NOT NULL PRIMARY KEY,
	value	NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('salt', lower(hex(randomblob(16)))),
	('indexed_segment', 0), ('indexed_loss', 0);

-- The numbers 0 to 255, by which views unpack segments.
CREATE TABLE nat (
	n	INTEGER PRIMARY KEY
);
INSERT INTO nat WITH RECURSIVE c(n) AS
	(SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 255) SELECT n FROM c;

-- One run of one tool.
CREATE TABLE run (
	run	INTEGER PRIMARY KEY AUTOINCREMENT,	-- never used twice
	uid	BLOB NOT NULL UNIQUE,	-- 16 random bytes: the same run in
					-- another ledger (see ledger merge)
	tool	TEXT NOT NULL,		-- 'ask'
	version	TEXT,			-- of riddle
	argv	TEXT NOT NULL,		-- JSON array: the command line
	host	TEXT,			-- where it ran
	pid	INTEGER NOT NULL,	-- its process
	pgid	INTEGER NOT NULL,	-- its process group: the stages of one
					-- pipe have the same
	started_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,	-- when the totals were last written
	ended_ms INTEGER,		-- NULL: it runs, or it was killed
	status	TEXT,			-- done, rejected, failed, budget,
					-- stopped, pipe; NULL like ended_ms
	message	TEXT,			-- why it did not end well
	model	TEXT,			-- as the user named it
	endpoint TEXT,			-- base URL the model was asked at
	prompt	TEXT,			-- name of the prompt file
	prompt_sha256 BLOB,		-- of its bytes
	params	TEXT,			-- JSON: settings that decide the output
	records_in INTEGER NOT NULL DEFAULT 0,	-- read; for a source considered
	passed	INTEGER NOT NULL DEFAULT 0,	-- of these, led on
	dropped	INTEGER NOT NULL DEFAULT 0,	-- of these, a rule said no
	failed	INTEGER NOT NULL DEFAULT 0,	-- of these, could not be done
	records_out INTEGER NOT NULL DEFAULT 0,	-- written
	calls	INTEGER NOT NULL DEFAULT 0,	-- model calls made and answered
	hits	INTEGER NOT NULL DEFAULT 0,	-- answers found in the ledger
	cost_pusd INTEGER,		-- of the calls with a known price
	unpriced INTEGER NOT NULL DEFAULT 0	-- calls without
);

-- What a run read.
CREATE TABLE input (
	run	INTEGER NOT NULL,
	seq	INTEGER NOT NULL,	-- 1, 2, ... in the order they were read
	name	TEXT NOT NULL,		-- as on the command line; '-' is stdin
	records	INTEGER NOT NULL,
	bytes	INTEGER NOT NULL,	-- of the record lines, newlines too
	xxh3	BLOB NOT NULL,		-- XXH3-128 of them, as xxh128sum shows
	PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- What else a run found out: a growth curve, an agreement.
CREATE TABLE note (
	run	INTEGER NOT NULL,
	name	TEXT NOT NULL,
	json	TEXT NOT NULL,
	PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- Records that runs wrote, packed: up to 250 in a row, in the order they were
-- written.  Entry i (from 0) is ids[16 * i .. 16 * i + 15]; froms and calls
-- go alongside.  A record with several parents has several entries.
CREATE TABLE segment (
	segment	INTEGER PRIMARY KEY AUTOINCREMENT,	-- never used twice
	run	INTEGER NOT NULL,
	kind	TEXT NOT NULL,		-- of the ids
	from_kind TEXT,			-- of the parents; NULL without froms
	n	INTEGER NOT NULL,	-- entries, 1 to 250
	ids	BLOB NOT NULL,		-- n * 16 bytes
	froms	BLOB,			-- n * 16 bytes: each one's parent; NULL
					-- for sources and records passed on
	calls	BLOB			-- n * 16 bytes: the model call behind
					-- each; NULL if there was none
);

-- Where to look for an id, packed: up to 330 pairs in a row, sorted; a pair is
-- the first 8 bytes of a hash and the number of its row (4 bytes, the high
-- one first).  Made in batches when an id is first asked for; reaches up to
-- the marks in meta.  Rows behind a mark are scanned.
CREATE TABLE lookup (
	lookup	INTEGER PRIMARY KEY,
	what	TEXT NOT NULL,		-- 'id': segments with that id;
					-- 'from': segments with that parent;
					-- 'loss': losses of that id
	batch	INTEGER NOT NULL,	-- 1, 2, ...: each is sorted for itself
	first	BLOB NOT NULL,		-- 8 bytes: of the first pair
	pairs	BLOB NOT NULL		-- 12 bytes each
);
CREATE INDEX lookup_first ON lookup (what, batch, first);

-- The text of ids of another make.
CREATE TABLE alias (
	hash	BLOB NOT NULL PRIMARY KEY,	-- 16 bytes
	text	TEXT NOT NULL
) WITHOUT ROWID;

-- Records that did not get through.
CREATE TABLE loss (
	loss	INTEGER PRIMARY KEY AUTOINCREMENT,	-- never used twice
	run	INTEGER NOT NULL,
	failed	INTEGER NOT NULL,	-- 1: could not be done; 0: dropped
	kind	TEXT NOT NULL,		-- of its id
	hash	BLOB NOT NULL,		-- of its id, 16 bytes
	rule	TEXT NOT NULL,		-- 'schema', 'min-score', 'http', ...
	value	TEXT,			-- what the rule saw
	threshold TEXT,			-- what it wanted
	reason	TEXT,			-- one line for people
	call	BLOB,			-- 16 bytes: the model call behind it
	record	TEXT			-- the record's line; BLOB if it is not
					-- UTF-8
);

-- Model calls that were answered.  A request is asked once, ever.
CREATE TABLE call (
	call	INTEGER PRIMARY KEY,
	hash	BLOB NOT NULL UNIQUE,	-- SHA-256 of request, first 16 bytes
	run	INTEGER,		-- that made it
	answered_ms INTEGER NOT NULL,
	endpoint TEXT,			-- base URL, no key in it
	model	TEXT,			-- asked for
	resolved TEXT,			-- the server says it used
	finish	TEXT,			-- stop, length, content_filter, ...
	server_id TEXT,			-- the server's name for the call
	http_status INTEGER,
	attempts INTEGER,		-- tries that the answer took
	latency_ms INTEGER,		-- of the try that was answered
	tokens_in INTEGER,		-- all prompt tokens, cached ones too
	tokens_cached INTEGER,		-- of these, from the server's cache
	tokens_out INTEGER,		-- all completion tokens
	tokens_reasoning INTEGER,	-- of these, not shown
	cost_pusd INTEGER,		-- as priced when it was made
	paid	INTEGER NOT NULL DEFAULT 1,	-- times it was asked; more than
					-- 1 if two processes asked at once
	request	TEXT NOT NULL,		-- canonical JSON; images by hash
	reply	TEXT NOT NULL		-- raw body; BLOB if it is not UTF-8
);

-- Images that requests name by hash.
CREATE TABLE image (
	sha256	BLOB NOT NULL PRIMARY KEY,	-- of the file, 32 bytes
	uri	TEXT,			-- where it was first found
	media_type TEXT,
	bytes	INTEGER
) WITHOUT ROWID;

-- What models cost, from which day on.  1e-12 dollars a token is 1e-6 dollars
-- a million tokens.
CREATE TABLE price (
	model	TEXT NOT NULL,		-- as in call.model
	since	TEXT NOT NULL,		-- 'YYYY-MM-DD', UTC
	in_pusd	INTEGER,		-- a prompt token
	cached_pusd INTEGER,		-- a cached prompt token; NULL: as in_pusd
	out_pusd INTEGER,		-- a completion token
	source	TEXT,			-- who says so: a file, a URL
	PRIMARY KEY (model, since)
) WITHOUT ROWID;

-- Rate limits, shared by the processes on this ledger.
CREATE TABLE quota (
	name	BLOB NOT NULL PRIMARY KEY,	-- 16 bytes, salted
	label	TEXT,			-- 'https://api.openai.com/v1 gpt-4o'
	state	TEXT NOT NULL,		-- the limiter's own
	updated_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- When did which tool run, and how did it go?  A run without an end is shown
-- as unfinished, be it killed or still at work.
CREATE VIEW runs AS SELECT
	run, tool, coalesce(status, 'unfinished') AS status,
	strftime('%Y-%m-%dT%H:%M:%SZ', started_ms / 1000, 'unixepoch')
	    AS started,
	round((coalesce(ended_ms, updated_ms) - started_ms) / 1000.0, 3)
	    AS seconds,
	records_in, passed, dropped, failed, records_out, calls, hits,
	cost_pusd / 1e12 AS cost_usd, unpriced, message, model, endpoint,
	prompt, nullif(lower(hex(prompt_sha256)), '') AS prompt_sha256, params,
	argv,
	version, host, pid, pgid
	FROM run;

-- How many records went in and came out, and what share led on?
CREATE VIEW funnel AS SELECT
	run, tool, coalesce(status, 'unfinished') AS status, records_in,
	passed, dropped, failed, records_out,
	round(100.0 * passed / nullif(records_in, 0), 2) AS passed_percent
	FROM run;

-- Which rules cost how many records?
CREATE VIEW rules AS SELECT
	l.run, r.tool, CASE l.failed WHEN 1 THEN 'failed' ELSE 'dropped' END
	    AS lost,
	l.rule, l.threshold, count(*) AS records
	FROM loss l LEFT JOIN run r USING (run)
	GROUP BY l.run, l.failed, l.rule, l.threshold;

-- What did a run read?
CREATE VIEW inputs AS SELECT
	i.run, r.tool, i.seq, i.name, i.records, i.bytes,
	lower(hex(i.xxh3)) AS xxh3
	FROM input i LEFT JOIN run r USING (run);

-- What else did it find out?
CREATE VIEW notes AS SELECT n.run, r.tool, n.name, n.json
	FROM note n LEFT JOIN run r USING (run);

-- How many records of which kind were written?  Fast: unpacks nothing.
CREATE VIEW kinds AS SELECT
	s.run, r.tool, s.kind, s.from_kind, sum(s.n) AS entries
	FROM segment s LEFT JOIN run r USING (run)
	GROUP BY s.run, s.kind, s.from_kind;

-- Which records were written by which run, from what, by which call?
CREATE VIEW records AS SELECT
	s.run, r.tool, s.kind,
	coalesce(a.text, s.kind || ':' ||
	    lower(hex(substr(s.ids, 16 * k.n + 1, 16)))) AS id,
	CASE WHEN s.froms IS NOT NULL THEN coalesce(b.text, s.from_kind ||
	    ':' || lower(hex(substr(s.froms, 16 * k.n + 1, 16)))) END
	    AS from_id,
	CASE WHEN s.calls IS NOT NULL
	    THEN lower(hex(substr(s.calls, 16 * k.n + 1, 16))) END AS call
	FROM segment s CROSS JOIN nat k ON k.n < s.n
	LEFT JOIN run r ON r.run = s.run
	LEFT JOIN alias a ON s.kind = '' AND
	    a.hash = substr(s.ids, 16 * k.n + 1, 16)
	LEFT JOIN alias b ON s.from_kind = '' AND
	    b.hash = substr(s.froms, 16 * k.n + 1, 16);

-- Which record was made from which?
CREATE VIEW edges AS SELECT run, tool, id, from_id, call
	FROM records WHERE from_id IS NOT NULL;

-- What was lost, both ways?
CREATE VIEW losses AS SELECT
	l.run, r.tool, CASE l.failed WHEN 1 THEN 'failed' ELSE 'dropped' END
	    AS lost,
	coalesce(a.text, l.kind || ':' || lower(hex(l.hash))) AS id,
	l.rule, l.value, l.threshold, l.reason,
	CASE WHEN l.call IS NOT NULL THEN lower(hex(l.call)) END AS call,
	l.record
	FROM loss l LEFT JOIN run r ON r.run = l.run
	LEFT JOIN alias a ON l.kind = '' AND a.hash = l.hash;

-- What did a rule say no to?
CREATE VIEW drops AS SELECT
	run, tool, id, rule, value, threshold, reason, call, record
	FROM losses WHERE lost = 'dropped';

-- What could not be done?
CREATE VIEW failures AS SELECT
	run, tool, id, rule, value, threshold, reason, call, record
	FROM losses WHERE lost = 'failed';

-- What was asked and answered?  cost_usd is the price at the time, else by
-- the price table of that day, else NULL.  It is for one answer: what was
-- spent is cost_usd * paid.
CREATE VIEW calls AS SELECT
	lower(hex(c.hash)) AS call, c.run, r.tool,
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
	FROM call c LEFT JOIN run r ON r.run = c.run;

-- What did it cost, by run and model?  cost_usd is that of the priced calls;
-- unpriced says how many are missing in it.
CREATE VIEW cost AS SELECT
	run, tool, model, count(*) AS calls, sum(paid - 1) AS paid_twice,
	sum(tokens_in) AS tokens_in, sum(tokens_cached) AS tokens_cached,
	sum(tokens_out) AS tokens_out,
	sum(tokens_reasoning) AS tokens_reasoning,
	sum(cost_usd * paid) AS cost_usd, sum(cost_usd IS NULL) AS unpriced
	FROM calls GROUP BY run, model;

-- What do models cost, in dollars a million tokens?
CREATE VIEW prices AS SELECT
	model, since, in_pusd / 1e6 AS in_usd_per_million,
	coalesce(cached_pusd, in_pusd) / 1e6 AS cached_usd_per_million,
	out_pusd / 1e6 AS out_usd_per_million, source
	FROM price;

-- Which images were shown to models?
CREATE VIEW images AS SELECT lower(hex(sha256)) AS sha256, uri, media_type,
	bytes FROM image;

-- What is known of rate limits?
CREATE VIEW quotas AS SELECT lower(hex(name)) AS name, label, state,
	strftime('%Y-%m-%dT%H:%M:%SZ', updated_ms / 1000, 'unixepoch')
	    AS updated
	FROM quota;
