-- Triggers, a line a piece; those of a schema or of the database are on no table.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_SOURCE.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_TRIGGERS.html
SELECT
    s.name AS "path",
    'trigger' AS "kind",
    'oracle' AS "dialect",
    'plsql' AS "language",
    t.table_name AS "on_path",
    s.text AS "definition",
    s.line AS "place"
FROM all_source s
LEFT JOIN all_triggers t ON t.owner = s.owner AND t.trigger_name = s.name AND t.table_owner = s.owner
WHERE s.owner = :schema AND s.type = 'TRIGGER'
ORDER BY s.name, s.line
