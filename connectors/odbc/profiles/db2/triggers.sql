-- Triggers of tables and views.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattriggers
SELECT
    t.TRIGNAME AS "path",
    'trigger' AS "kind",
    'db2' AS "dialect",
    'sql' AS "language",
    t.TABNAME AS "on_path",
    t.TEXT AS "definition"
FROM SYSCAT.TRIGGERS AS t
WHERE t.TABSCHEMA = :schema
    AND t.TABNAME = :object
