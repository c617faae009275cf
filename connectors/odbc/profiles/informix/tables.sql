-- Tables, views, synonyms, sequences and external tables. Rows and pages are those of UPDATE STATISTICS; the day of creation is the
-- day of the last change to the definition as well, and is left out.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-syssyntable
SELECT
    t.tabname AS name,
    CASE t.tabtype
        WHEN 'V' THEN 'view' WHEN 'P' THEN 'synonym' WHEN 'S' THEN 'synonym' WHEN 'Q' THEN 'sequence' WHEN 'E' THEN 'foreign_table'
        ELSE 'table'
    END AS kind,
    CASE WHEN t.tabtype = 'T' AND t.npused > 0 THEN t.npused * t.pagesize END AS size,
    CASE WHEN t.tabtype = 'T' AND t.npused > 0 THEN t.nrows END AS rows,
    t.owner AS owner,
    CASE
        WHEN s.tabname IS NOT NULL
            THEN TRIM(s.dbname) || COALESCE('@' || TRIM(s.servername), '') || ':' || TRIM(s.owner) || '.' || s.tabname
        WHEN b.tabname IS NOT NULL THEN TRIM(b.owner) || '.' || b.tabname
    END AS target
FROM systables t
LEFT JOIN syssyntable s ON s.tabid = t.tabid
LEFT JOIN systables b ON b.tabid = s.btabid
WHERE t.tabid >= 100 AND t.tabtype IN ('T', 'V', 'P', 'S', 'Q', 'E') AND t.owner = :schema
