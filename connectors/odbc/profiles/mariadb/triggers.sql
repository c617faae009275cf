-- Triggers as a statement; the server shows them to accounts with TRIGGER only.
SELECT
    t.trigger_name AS path,
    'trigger' AS kind,
    'mysql' AS dialect,
    'sql' AS language,
    t.event_object_table AS on_path,
    CONCAT(
        'CREATE TRIGGER `', REPLACE(t.trigger_name, '`', '``'), '` ', t.action_timing, ' ', t.event_manipulation,
        ' ON `', REPLACE(t.event_object_table, '`', '``'), '` FOR EACH ROW ', t.action_statement
    ) AS definition,
    t.trigger_name AS mark
FROM information_schema.triggers AS t
WHERE t.trigger_schema = :database
    AND BINARY t.trigger_name > BINARY :after
ORDER BY BINARY t.trigger_name
LIMIT 1000
