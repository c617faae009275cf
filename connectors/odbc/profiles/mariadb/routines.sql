-- Procedures and functions: the body, as the server keeps it; NULL where it is not shown to the account.
SELECT
    r.routine_name AS path,
    CASE r.routine_type WHEN 'FUNCTION' THEN 'function' ELSE 'procedure' END AS kind,
    'mysql' AS dialect,
    LOWER(r.routine_body) AS language,
    NULLIF(r.routine_definition, '') AS definition,
    CONCAT(r.routine_type, '.', r.routine_name) AS mark
FROM information_schema.routines AS r
WHERE r.routine_schema = :database
    AND BINARY CONCAT(r.routine_type, '.', r.routine_name) > BINARY :after
UNION ALL
SELECT
    e.event_name AS path,
    'event' AS kind,
    'mysql' AS dialect,
    LOWER(e.event_body) AS language,
    e.event_definition AS definition,
    CONCAT('EVENT.', e.event_name) AS mark
FROM information_schema.events AS e
WHERE e.event_schema = :database
    AND BINARY CONCAT('EVENT.', e.event_name) > BINARY :after
ORDER BY BINARY mark
LIMIT 1000
