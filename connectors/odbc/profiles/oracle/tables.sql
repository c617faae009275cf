-- Tables, views, sequences and synonyms; rows and sizes as the statistics have them. What was dropped and may come back (BIN$)
-- is left out, and the second table of an index-organized one. Times are the server's own, its distance from UTC today taken off.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_OBJECTS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_TABLES.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_TAB_MODIFICATIONS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_SYNONYMS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_MVIEWS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_EXTERNAL_TABLES.html
SELECT
    o.object_name AS "name",
    CASE
        WHEN o.object_type = 'VIEW' THEN 'view'
        WHEN o.object_type = 'SEQUENCE' THEN 'sequence'
        WHEN o.object_type = 'SYNONYM' THEN 'synonym'
        WHEN m.mview_name IS NOT NULL THEN 'materialized_view'
        WHEN x.table_name IS NOT NULL THEN 'foreign_table'
        ELSE 'table'
    END AS "kind",
    t.num_rows * t.avg_row_len AS "size",
    t.num_rows AS "rows",
    ROUND((o.created - DATE '1970-01-01' + (CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE) - SYSDATE)) * 86400) * 1000000 AS "created",
    ROUND((d.changed - DATE '1970-01-01' + (CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE) - SYSDATE)) * 86400) * 1000000 AS "modified",
    o.owner AS "owner",
    CASE
        WHEN s.db_link IS NOT NULL THEN CASE WHEN s.table_owner IS NOT NULL THEN s.table_owner || '.' END || s.table_name || '@' || s.db_link
        WHEN s.table_name IS NOT NULL THEN s.table_owner || '.' || s.table_name
        WHEN x.table_name IS NOT NULL THEN x.default_directory_name
    END AS "target",
    CASE
        WHEN x.table_name IS NOT NULL THEN LOWER(x.type_name)
        WHEN t.partitioned = 'YES' THEN 'partitioned'
        WHEN t.temporary = 'Y' THEN 'temporary'
        WHEN t.iot_type = 'IOT' THEN 'index-organized'
        WHEN t.nested = 'YES' THEN 'nested'
    END AS "subtype"
FROM all_objects o
LEFT JOIN all_tables t ON o.object_type = 'TABLE' AND t.owner = o.owner AND t.table_name = o.object_name
LEFT JOIN all_mviews m ON o.object_type = 'TABLE' AND m.owner = o.owner AND m.mview_name = o.object_name
LEFT JOIN all_external_tables x ON o.object_type = 'TABLE' AND x.owner = o.owner AND x.table_name = o.object_name
LEFT JOIN all_synonyms s ON o.object_type = 'SYNONYM' AND s.owner = o.owner AND s.synonym_name = o.object_name
LEFT JOIN (
    SELECT c.table_name AS table_name, MAX(c.timestamp) AS changed
    FROM all_tab_modifications c
    WHERE c.table_owner = :schema
    GROUP BY c.table_name
) d ON o.object_type = 'TABLE' AND d.table_name = o.object_name
WHERE
    o.owner = :schema
    AND o.object_type IN ('TABLE', 'VIEW', 'SEQUENCE', 'SYNONYM')
    AND o.object_name NOT LIKE 'BIN$%'
    AND o.subobject_name IS NULL
    AND COALESCE(t.iot_type, ' ') <> 'IOT_OVERFLOW'
