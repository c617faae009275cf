-- Tables, views, nicknames, aliases and sequences. Rows and pages are those of the statistics, -1 where there are none; the day of
-- last use is kept by the server, and the year 1 stands for never.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattables
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattablespaces
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatsequences
SELECT
    t.TABNAME AS "name",
    CASE t.TYPE
        WHEN 'V' THEN 'view' WHEN 'W' THEN 'view' WHEN 'S' THEN 'materialized_view' WHEN 'N' THEN 'foreign_table' WHEN 'A' THEN 'synonym'
        ELSE 'table'
    END AS "kind",
    CASE WHEN t.NPAGES >= 0 THEN CAST(t.NPAGES AS BIGINT) * p.PAGESIZE END AS "size",
    CASE WHEN t.FPAGES >= 0 THEN CAST(t.FPAGES AS BIGINT) * p.PAGESIZE END AS "allocated",
    CASE WHEN t.CARD >= 0 AND t.TYPE IN ('T', 'U', 'S', 'H', 'L') THEN t.CARD END AS "rows",
    (CAST(DAYS(t.CREATE_TIME - CURRENT_TIMEZONE) - DAYS(DATE('1970-01-01')) AS BIGINT) * 86400 + MIDNIGHT_SECONDS(t.CREATE_TIME - CURRENT_TIMEZONE)) * 1000000 AS "created",
    CASE WHEN t.LASTUSED > DATE('0001-01-01') THEN CAST(DAYS(t.LASTUSED) - DAYS(DATE('1970-01-01')) AS BIGINT) * 86400000000 END AS "accessed",
    t.OWNER AS "owner",
    t.BASE_TABSCHEMA || '.' || t.BASE_TABNAME AS "target",
    CASE WHEN t.TYPE IN ('G', 'H', 'L', 'U') THEN t.TYPE END AS "subtype"
FROM SYSCAT.TABLES AS t
LEFT JOIN SYSCAT.TABLESPACES AS p ON p.TBSPACE = t.TBSPACE
WHERE t.TABSCHEMA = :schema
UNION ALL
SELECT
    s.SEQNAME AS "name",
    'sequence' AS "kind",
    CAST(NULL AS BIGINT) AS "size",
    CAST(NULL AS BIGINT) AS "allocated",
    CAST(NULL AS BIGINT) AS "rows",
    (CAST(DAYS(s.CREATE_TIME - CURRENT_TIMEZONE) - DAYS(DATE('1970-01-01')) AS BIGINT) * 86400 + MIDNIGHT_SECONDS(s.CREATE_TIME - CURRENT_TIMEZONE)) * 1000000 AS "created",
    CAST(NULL AS BIGINT) AS "accessed",
    s.OWNER AS "owner",
    CAST(NULL AS VARCHAR(257)) AS "target",
    CAST(NULL AS CHAR(1)) AS "subtype"
FROM SYSCAT.SEQUENCES AS s
WHERE s.SEQSCHEMA = :schema AND s.SEQTYPE = 'S'
