-- What views and materialized query tables select.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatviews
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattables
SELECT
    v.VIEWNAME AS "path",
    CASE t.TYPE WHEN 'S' THEN 'materialized_view' ELSE 'view' END AS "kind",
    'db2' AS "dialect",
    'sql' AS "language",
    v.TEXT AS "definition"
FROM SYSCAT.VIEWS AS v
LEFT JOIN SYSCAT.TABLES AS t ON t.TABSCHEMA = v.VIEWSCHEMA AND t.TABNAME = v.VIEWNAME
WHERE v.VIEWSCHEMA = :schema
    AND v.VIEWNAME = :object
