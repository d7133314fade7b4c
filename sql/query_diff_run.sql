-- Run :run as a JSON object: first what decides its output (part 'run'), then
-- what came of it ('outcome').  What is no JSON or no UTF-8 is shown in hex.
SELECT json_object('tool', tool, 'version', version, 'model', model,
	'endpoint', endpoint, 'prompt', prompt,
	'prompt_sha256', CASE WHEN prompt_sha256 IS NOT NULL
	    THEN lower(hex(prompt_sha256)) END,
	'params', CASE WHEN json_valid(params) THEN json(params)
	    WHEN params IS NOT NULL THEN hex(params) END,
	'argv', CASE WHEN typeof(argv) = 'text' AND json_valid(argv)
	    THEN json(argv) ELSE hex(argv) END,
	'inputs', (SELECT json_group_object(seq, json_object('name',
	    CASE typeof(name) WHEN 'text' THEN name ELSE hex(name) END,
	    'records', records, 'bytes', bytes, 'xxh3', lower(hex(xxh3))))
	    FROM (SELECT * FROM input WHERE run = :run ORDER BY seq)))
	AS run,
	json_object('status', coalesce(status, 'unfinished'),
	'records_in', records_in, 'passed', passed, 'dropped', dropped,
	'failed', failed, 'records_out', records_out) AS outcome
FROM run WHERE run = :run;
