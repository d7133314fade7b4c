-- What is shown of one child, beside what the caller knows of it.
SELECT :depth AS depth, :id AS id, :run AS run,
	(SELECT tool FROM run WHERE run = :run) AS tool, :from_id AS from_id,
	CASE WHEN :call IS NOT NULL THEN lower(hex(:call)) END AS call;
