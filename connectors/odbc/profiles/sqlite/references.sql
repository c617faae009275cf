-- Files that virtual tables stand for, as the statement that made them names them.
SELECT
    m.name AS path,
    'virtual table' AS part,
    'path' AS kind,
    TRIM(SUBSTR(m.sql, INSTR(LOWER(m.sql), 'filename=') + 9), ' ''")') AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM main.sqlite_master AS m
WHERE m.type = 'table' AND m.sql LIKE 'CREATE VIRTUAL TABLE%filename=%'
