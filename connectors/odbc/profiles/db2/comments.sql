-- Comments on tables and the like; the empty path is the schema itself.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattables
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatschemata
SELECT t.TABNAME AS "path", 'comment' AS "name", t.REMARKS AS "value"
FROM SYSCAT.TABLES AS t
WHERE t.TABSCHEMA = :schema AND t.REMARKS IS NOT NULL
UNION ALL
SELECT '' AS "path", 'comment' AS "name", s.REMARKS AS "value"
FROM SYSCAT.SCHEMATA AS s
WHERE s.SCHEMANAME = :schema AND s.REMARKS IS NOT NULL
