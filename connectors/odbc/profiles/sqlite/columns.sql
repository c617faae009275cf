-- Columns of tables and views. The key that stands for the row's own number is never NULL, whatever was declared.
SELECT
    m.name AS path,
    c.name AS name,
    c.cid + 1 AS position,
    NULLIF(c.type, '') AS type,
    CASE WHEN c.type LIKE '%char%(%)' THEN CAST(SUBSTR(c.type, INSTR(c.type, '(') + 1) AS INTEGER) END AS length,
    CASE
        WHEN c.type LIKE 'dec%(%)' OR c.type LIKE 'num%(%)' THEN CAST(SUBSTR(c.type, INSTR(c.type, '(') + 1) AS INTEGER)
    END AS precision,
    CASE
        WHEN c.type LIKE 'dec%(%,%)' OR c.type LIKE 'num%(%,%)'
            THEN CAST(SUBSTR(c.type, INSTR(c.type, ',') + 1) AS INTEGER)
    END AS scale,
    CASE
        WHEN c."notnull" THEN 0
        WHEN c.pk = 1 AND UPPER(c.type) = 'INTEGER'
            THEN (SELECT MAX(p.pk) FROM pragma_table_xinfo(m.name, 'main') AS p) > 1
        ELSE 1
    END AS nullable,
    c.dflt_value AS "default",
    CASE WHEN c.hidden IN (2, 3) THEN 1 ELSE 0 END AS generated,
    CASE WHEN c.type LIKE '%blob%' OR c.type LIKE '%clob%' OR c.type LIKE '%text%' THEN 1 ELSE 0 END AS lob
FROM main.sqlite_master AS m
JOIN pragma_table_xinfo(m.name, 'main') AS c
WHERE
    m.type IN ('table', 'view')
    AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
    AND c.hidden <> 1
   
    AND m.name = :object
ORDER BY m.name, c.cid
