-- How tables are divided: by which expression, into how many parts.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatdatapartitionexpression
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatdatapartitions
SELECT e.TABNAME AS "path", 'partition_key' AS "name", CAST(e.DATAPARTITIONEXPRESSION AS VARCHAR(4000)) AS "value"
FROM SYSCAT.DATAPARTITIONEXPRESSION AS e
WHERE e.TABSCHEMA = :schema AND e.DATAPARTITIONKEYSEQ = 1
UNION ALL
SELECT d.TABNAME AS "path", 'partitions' AS "name", TRIM(CHAR(COUNT(*))) AS "value"
FROM SYSCAT.DATAPARTITIONS AS d
WHERE d.TABSCHEMA = :schema
GROUP BY d.TABNAME
HAVING COUNT(*) > 1
