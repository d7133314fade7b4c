-- The note :name of the newest run that has one; of :runs, a JSON array, only.
SELECT n.json FROM note n JOIN run r ON r.run = n.run
WHERE n.name = :name AND
	(:runs IS NULL OR n.run IN (SELECT value FROM json_each(:runs)))
ORDER BY n.run DESC LIMIT 1;
