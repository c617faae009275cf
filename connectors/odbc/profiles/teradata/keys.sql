-- Primary and unique keys, one row for each of their columns. K is a declared primary key, U a declared unique one, whatever else
-- the index is; a primary index says where a row is kept, and no more than that.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, IndicesV
SELECT
    i.TableName AS "path",
    COALESCE(i.IndexName, '') AS "name",
    CASE i.IndexType WHEN 'K' THEN 'primary' ELSE 'unique' END AS "kind",
    i.IndexNumber AS "number",
    i.ColumnName AS "columns"
FROM DBC.IndicesV AS i
WHERE i.DatabaseName = :database AND i.IndexType IN ('K', 'U')
ORDER BY i.TableName, i.IndexNumber, i.ColumnPosition
