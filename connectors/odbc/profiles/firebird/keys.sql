-- Primary, unique and foreign keys, one row for each of their columns. The file keeps 'RESTRICT' where nothing was declared.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-relation-constraints
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-ref-constraints
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-index-segments
SELECT
    k.RDB$RELATION_NAME AS "path",
    k.RDB$CONSTRAINT_NAME AS "name",
    CASE k.RDB$CONSTRAINT_TYPE WHEN 'PRIMARY KEY' THEN 'primary' WHEN 'UNIQUE' THEN 'unique' ELSE 'foreign' END AS "kind",
    g.RDB$FIELD_NAME AS "columns",
    t.RDB$RELATION_NAME AS "ref_path",
    h.RDB$FIELD_NAME AS "ref_columns",
    f.RDB$DELETE_RULE AS "on_delete",
    f.RDB$UPDATE_RULE AS "on_update"
FROM RDB$RELATION_CONSTRAINTS k
JOIN RDB$RELATIONS r ON r.RDB$RELATION_NAME = k.RDB$RELATION_NAME
JOIN RDB$INDEX_SEGMENTS g ON g.RDB$INDEX_NAME = k.RDB$INDEX_NAME
LEFT JOIN RDB$REF_CONSTRAINTS f ON f.RDB$CONSTRAINT_NAME = k.RDB$CONSTRAINT_NAME
LEFT JOIN RDB$RELATION_CONSTRAINTS t ON t.RDB$CONSTRAINT_NAME = f.RDB$CONST_NAME_UQ
LEFT JOIN RDB$INDEX_SEGMENTS h ON h.RDB$INDEX_NAME = t.RDB$INDEX_NAME AND h.RDB$FIELD_POSITION = g.RDB$FIELD_POSITION
WHERE k.RDB$CONSTRAINT_TYPE IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') AND COALESCE(r.RDB$SYSTEM_FLAG, 0) = 0
ORDER BY k.RDB$RELATION_NAME, k.RDB$CONSTRAINT_NAME, g.RDB$FIELD_POSITION
