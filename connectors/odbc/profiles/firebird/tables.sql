-- Tables, views and generators. The file keeps no count of rows and no size of a table: both stay unknown.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-relations
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-generators
SELECT
    r.RDB$RELATION_NAME AS "name",
    CASE WHEN r.RDB$VIEW_BLR IS NOT NULL THEN 'view' WHEN r.RDB$EXTERNAL_FILE IS NOT NULL THEN 'foreign_table' ELSE 'table' END AS "kind",
    r.RDB$OWNER_NAME AS "owner",
    r.RDB$EXTERNAL_FILE AS "target",
    CASE r.RDB$RELATION_TYPE WHEN 4 THEN 'temporary, rows kept' WHEN 5 THEN 'temporary, rows dropped' END AS "subtype"
FROM RDB$RELATIONS r
WHERE COALESCE(r.RDB$SYSTEM_FLAG, 0) = 0
UNION ALL
SELECT
    g.RDB$GENERATOR_NAME AS "name",
    'sequence' AS "kind",
    NULL AS "owner",
    NULL AS "target",
    NULL AS "subtype"
FROM RDB$GENERATORS g
WHERE COALESCE(g.RDB$SYSTEM_FLAG, 0) = 0
