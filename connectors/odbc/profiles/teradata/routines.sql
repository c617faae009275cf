-- Macros, procedures and functions. A text beyond 12,500 characters is cut in the dictionary (R): then none is given.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TablesV
SELECT
    t.TableName AS "path",
    CASE WHEN t.TableKind IN ('M', 'P', 'E') THEN 'procedure' ELSE 'function' END AS "kind",
    'teradata' AS "dialect",
    'sql' AS "language",
    CASE WHEN t.RequestTxtOverflow = 'R' THEN NULL ELSE t.RequestText END AS "definition"
FROM DBC.TablesV AS t
WHERE t.DatabaseName = :database AND t.TableKind IN ('M', 'P', 'E', 'F', 'A', 'R', 'S', 'B')
