-- How many parts a table has; one is no division.
-- Reference Manual: Tables, syspartitions
SELECT
    o.name AS "path",
    'partitions' AS "name",
    CONVERT(varchar(10), COUNT(*)) AS "value"
FROM syspartitions AS p
JOIN sysobjects AS o ON o.id = p.id
JOIN sysusers AS u ON u.uid = o.uid
WHERE u.name = :schema AND o.type = 'U' AND p.indid IN (0, 1)
GROUP BY o.name
HAVING COUNT(*) > 1
