-- Triggers. A text beyond 12,500 characters is cut in the dictionary.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TriggersV
SELECT
    g.TriggerName AS "path",
    'trigger' AS "kind",
    'teradata' AS "dialect",
    'sql' AS "language",
    g.TableName AS "on_path",
    g.RequestText AS "definition"
FROM DBC.TriggersV AS g
WHERE g.DatabaseName = :database
