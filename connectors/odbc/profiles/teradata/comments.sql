-- Comments on tables and views.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TablesV
SELECT t.TableName AS "path", 'comment' AS "name", t.CommentString AS "value"
FROM DBC.TablesV AS t
WHERE t.DatabaseName = :database AND t.CommentString IS NOT NULL AND t.TableKind IN ('T', 'O', 'V', 'I', 'Q', 'J')
