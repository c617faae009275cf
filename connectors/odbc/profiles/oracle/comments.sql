-- Comments on tables, views and materialized views.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_TAB_COMMENTS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_MVIEW_COMMENTS.html
SELECT c.table_name AS "path", 'comment' AS "name", c.comments AS "value"
FROM all_tab_comments c
WHERE c.owner = :schema AND c.comments IS NOT NULL AND c.table_name NOT LIKE 'BIN$%'
UNION ALL
SELECT c.mview_name AS "path", 'comment' AS "name", c.comments AS "value"
FROM all_mview_comments c
WHERE c.owner = :schema AND c.comments IS NOT NULL
