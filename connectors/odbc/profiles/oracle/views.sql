-- What views select.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_VIEWS.html
SELECT v.view_name AS "path", 'view' AS "kind", 'oracle' AS "dialect", 'sql' AS "language", v.text AS "definition"
FROM all_views v
WHERE v.owner = :schema
    AND v.view_name = :object
