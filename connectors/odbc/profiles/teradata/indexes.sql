-- Indexes that stand behind no key, one row for each of their columns.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, IndicesV
SELECT
    i.TableName AS "path",
    COALESCE(i.IndexName, '') AS "name",
    CASE i.UniqueFlag WHEN 'Y' THEN 'unique' ELSE 'index' END AS "kind",
    i.IndexNumber AS "number",
    i.ColumnName AS "columns"
FROM DBC.IndicesV AS i
WHERE i.DatabaseName = :database AND i.IndexType IN ('P', 'Q', 'A', 'S', 'V', 'H', 'O')
    AND i.TableName = :object
ORDER BY i.TableName, i.IndexNumber, i.ColumnPosition
