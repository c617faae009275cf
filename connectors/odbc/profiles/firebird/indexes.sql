-- Indexes that stand behind no key, one row for each of their columns; one on an expression has none, and shows that.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-indices
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-index-segments
SELECT
    i.RDB$RELATION_NAME AS "path",
    i.RDB$INDEX_NAME AS "name",
    CASE WHEN i.RDB$UNIQUE_FLAG = 1 THEN 'unique' ELSE 'index' END AS "kind",
    COALESCE(g.RDB$FIELD_NAME, CAST(i.RDB$EXPRESSION_SOURCE AS VARCHAR(4000))) AS "columns"
FROM RDB$INDICES i
LEFT JOIN RDB$INDEX_SEGMENTS g ON g.RDB$INDEX_NAME = i.RDB$INDEX_NAME
LEFT JOIN RDB$RELATION_CONSTRAINTS k ON k.RDB$INDEX_NAME = i.RDB$INDEX_NAME
WHERE COALESCE(i.RDB$SYSTEM_FLAG, 0) = 0 AND k.RDB$CONSTRAINT_NAME IS NULL
    AND i.RDB$RELATION_NAME = :object
ORDER BY i.RDB$RELATION_NAME, i.RDB$INDEX_NAME, g.RDB$FIELD_POSITION
