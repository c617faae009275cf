-- Primary and foreign keys, one row for each of their columns; the file keeps their names only in the text of the table.
-- A key may be spelled in other letters than its table, and may leave out which columns it means: then it is the primary key.
SELECT
    m.name AS path,
    '' AS name,
    'primary' AS kind,
    -1 AS number,
    c.name AS columns,
    NULL AS ref_path,
    NULL AS ref_columns,
    NULL AS on_delete,
    NULL AS on_update,
    c.pk AS place
FROM main.sqlite_master AS m
JOIN pragma_table_xinfo(m.name, 'main') AS c
WHERE m.type = 'table' AND c.pk > 0 AND m.sql NOT LIKE 'CREATE VIRTUAL TABLE%'
    AND m.name = :object
UNION ALL
SELECT
    m.name AS path,
    '' AS name,
    'foreign' AS kind,
    f.id AS number,
    f."from" AS columns,
    COALESCE(
        (SELECT r.name FROM main.sqlite_master AS r WHERE r.type = 'table' AND r.name = f."table" COLLATE NOCASE),
        f."table"
    ) AS ref_path,
    COALESCE(
        f."to",
        (SELECT q.name FROM pragma_table_xinfo(f."table", 'main') AS q WHERE q.pk = f.seq + 1)
    ) AS ref_columns,
    f.on_delete AS on_delete,
    f.on_update AS on_update,
    f.seq AS place
FROM main.sqlite_master AS m
JOIN pragma_foreign_key_list(m.name, 'main') AS f
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL TABLE%'
    AND m.name = :object
ORDER BY path, number, place
