-- What materialized views select; their text is LONG, and LONG cannot be united with that of views.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_MVIEWS.html
SELECT m.mview_name AS "path", 'materialized_view' AS "kind", 'oracle' AS "dialect", 'sql' AS "language", m.query AS "definition"
FROM all_mviews m
WHERE m.owner = :schema
    AND m.mview_name = :object
