-- What views select; the server shows it to accounts with SHOW VIEW only.
SELECT
    v.table_name AS path,
    'view' AS kind,
    'mysql' AS dialect,
    'sql' AS language,
    NULLIF(v.view_definition, '') AS definition,
    v.table_name AS mark
FROM information_schema.views AS v
WHERE v.table_schema = :database
    AND BINARY v.table_name > BINARY :after
ORDER BY BINARY v.table_name
LIMIT 1000
