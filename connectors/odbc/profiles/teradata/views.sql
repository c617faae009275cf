-- What views and join indexes select. A text beyond 12,500 characters is cut in the dictionary (R): then none is given.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TablesV
SELECT
    t.TableName AS "path",
    CASE t.TableKind WHEN 'I' THEN 'materialized_view' ELSE 'view' END AS "kind",
    'teradata' AS "dialect",
    'sql' AS "language",
    CASE WHEN t.RequestTxtOverflow = 'R' THEN NULL ELSE t.RequestText END AS "definition"
FROM DBC.TablesV AS t
WHERE t.DatabaseName = :database AND t.TableKind IN ('V', 'I')
