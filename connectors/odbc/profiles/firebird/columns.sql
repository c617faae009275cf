-- Columns of tables and views, with their domain's type. Numbers are kept as integers with a scale: precision tells them apart.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-relation-fields
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-fields
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-types
SELECT
    c.RDB$RELATION_NAME AS "path",
    c.RDB$FIELD_NAME AS "name",
    c.RDB$FIELD_POSITION + 1 AS "position",
    CASE
        WHEN f.RDB$FIELD_TYPE IN (7, 8, 16, 27) AND f.RDB$FIELD_SUB_TYPE = 1
            THEN 'NUMERIC(' || COALESCE(f.RDB$FIELD_PRECISION, 0) || ',' || (-f.RDB$FIELD_SCALE) || ')'
        WHEN f.RDB$FIELD_TYPE IN (7, 8, 16, 27) AND f.RDB$FIELD_SUB_TYPE = 2
            THEN 'DECIMAL(' || COALESCE(f.RDB$FIELD_PRECISION, 0) || ',' || (-f.RDB$FIELD_SCALE) || ')'
        WHEN f.RDB$FIELD_TYPE = 7 THEN 'SMALLINT'
        WHEN f.RDB$FIELD_TYPE = 8 THEN 'INTEGER'
        WHEN f.RDB$FIELD_TYPE = 16 THEN 'BIGINT'
        WHEN f.RDB$FIELD_TYPE = 10 THEN 'FLOAT'
        WHEN f.RDB$FIELD_TYPE = 27 THEN 'DOUBLE PRECISION'
        WHEN f.RDB$FIELD_TYPE = 12 THEN 'DATE'
        WHEN f.RDB$FIELD_TYPE = 13 THEN 'TIME'
        WHEN f.RDB$FIELD_TYPE = 35 THEN 'TIMESTAMP'
        WHEN f.RDB$FIELD_TYPE = 23 THEN 'BOOLEAN'
        WHEN f.RDB$FIELD_TYPE = 14 THEN 'CHAR(' || COALESCE(f.RDB$CHARACTER_LENGTH, f.RDB$FIELD_LENGTH) || ')'
        WHEN f.RDB$FIELD_TYPE = 37 THEN 'VARCHAR(' || COALESCE(f.RDB$CHARACTER_LENGTH, f.RDB$FIELD_LENGTH) || ')'
        WHEN f.RDB$FIELD_TYPE = 261 THEN 'BLOB SUB_TYPE ' || COALESCE(f.RDB$FIELD_SUB_TYPE, 0)
        ELSE COALESCE((
            SELECT CAST(y.RDB$TYPE_NAME AS VARCHAR(31)) AS told
            FROM RDB$TYPES y
            WHERE y.RDB$FIELD_NAME = 'RDB$FIELD_TYPE' AND y.RDB$TYPE = f.RDB$FIELD_TYPE
        ), 'type ' || f.RDB$FIELD_TYPE)
    END AS "type",
    CASE WHEN f.RDB$FIELD_TYPE IN (14, 37, 40) THEN COALESCE(f.RDB$CHARACTER_LENGTH, f.RDB$FIELD_LENGTH) END AS "length",
    CASE WHEN f.RDB$FIELD_SUB_TYPE IN (1, 2) AND f.RDB$FIELD_TYPE IN (7, 8, 16, 27) THEN f.RDB$FIELD_PRECISION END AS "precision",
    CASE WHEN f.RDB$FIELD_SUB_TYPE IN (1, 2) AND f.RDB$FIELD_TYPE IN (7, 8, 16, 27) THEN -f.RDB$FIELD_SCALE END AS "scale",
    CASE WHEN c.RDB$NULL_FLAG = 1 OR f.RDB$NULL_FLAG = 1 THEN 0 ELSE 1 END AS "nullable",
    COALESCE(c.RDB$DEFAULT_SOURCE, f.RDB$DEFAULT_SOURCE, f.RDB$COMPUTED_SOURCE) AS "default",
    CASE WHEN f.RDB$COMPUTED_BLR IS NOT NULL THEN 1 ELSE 0 END AS "generated",
    CASE WHEN f.RDB$FIELD_TYPE = 261 THEN 1 ELSE 0 END AS "lob",
    CASE WHEN o.RDB$COLLATION_NAME <> s.RDB$DEFAULT_COLLATE_NAME THEN o.RDB$COLLATION_NAME END AS "collation",
    c.RDB$DESCRIPTION AS "comment"
FROM RDB$RELATION_FIELDS c
JOIN RDB$RELATIONS r ON r.RDB$RELATION_NAME = c.RDB$RELATION_NAME
JOIN RDB$FIELDS f ON f.RDB$FIELD_NAME = c.RDB$FIELD_SOURCE
LEFT JOIN RDB$CHARACTER_SETS s ON s.RDB$CHARACTER_SET_ID = f.RDB$CHARACTER_SET_ID
LEFT JOIN RDB$COLLATIONS o
    ON o.RDB$CHARACTER_SET_ID = f.RDB$CHARACTER_SET_ID AND o.RDB$COLLATION_ID = COALESCE(c.RDB$COLLATION_ID, f.RDB$COLLATION_ID)
WHERE COALESCE(r.RDB$SYSTEM_FLAG, 0) = 0
    AND c.RDB$RELATION_NAME = :object
ORDER BY c.RDB$RELATION_NAME, c.RDB$FIELD_POSITION
