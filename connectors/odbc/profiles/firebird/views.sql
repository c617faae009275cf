-- What views select; an owner may have taken the text away.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-relations
SELECT
    r.RDB$RELATION_NAME AS "path",
    'view' AS "kind",
    'firebird' AS "dialect",
    'sql' AS "language",
    r.RDB$VIEW_SOURCE AS "definition"
FROM RDB$RELATIONS r
WHERE r.RDB$VIEW_BLR IS NOT NULL AND COALESCE(r.RDB$SYSTEM_FLAG, 0) = 0
    AND r.RDB$RELATION_NAME = :object
