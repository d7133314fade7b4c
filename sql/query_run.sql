-- Run :run in full, with what it read and noted as JSON.
SELECT r.*,
	(SELECT json_group_array(json_object('seq', seq, 'name',
	    CASE typeof(name) WHEN 'text' THEN name ELSE hex(name) END,
	    'records', records, 'bytes', bytes, 'xxh3',
	    xxh3)) FROM (SELECT * FROM inputs WHERE run = :run ORDER BY seq))
	    AS inputs,
	(SELECT json_group_object(name, CASE WHEN json_valid(json) THEN
	    json(json) ELSE json END)
	    FROM (SELECT * FROM note WHERE run = :run ORDER BY name))
	    AS notes
FROM runs r WHERE r.run = :run;
