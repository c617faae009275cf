-- Tables, views and join indexes (I), which keep the rows of what they select. Sizes are the sums over all processors; rows those of
-- the last statistics. When something was last used is kept only where the server was told to count.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TablesV
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TableSizeV
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, StatsV
SELECT
    t.TableName AS "name",
    CASE t.TableKind
        WHEN 'V' THEN 'view'
        WHEN 'I' THEN 'materialized_view'
        ELSE 'table'
    END AS "kind",
    z.bytes AS "size",
    s.counted AS "rows",
    (CAST(CAST(t.CreateTimeStamp AS DATE) - DATE '1970-01-01' AS BIGINT) * 86400 + EXTRACT(HOUR FROM t.CreateTimeStamp) * 3600 + EXTRACT(MINUTE FROM t.CreateTimeStamp) * 60 + CAST(EXTRACT(SECOND FROM t.CreateTimeStamp) AS BIGINT)) * 1000000 AS "created",
    (CAST(CAST(t.LastAccessTimeStamp AS DATE) - DATE '1970-01-01' AS BIGINT) * 86400 + EXTRACT(HOUR FROM t.LastAccessTimeStamp) * 3600 + EXTRACT(MINUTE FROM t.LastAccessTimeStamp) * 60 + CAST(EXTRACT(SECOND FROM t.LastAccessTimeStamp) AS BIGINT)) * 1000000 AS "accessed",
    t.CreatorName AS "owner",
    CASE t.TableKind WHEN 'O' THEN 'no primary index' WHEN 'Q' THEN 'queue' WHEN 'J' THEN 'journal' END AS "subtype"
FROM DBC.TablesV AS t
LEFT JOIN (
    SELECT x.TableName AS TableName, CAST(SUM(x.CurrentPerm) AS BIGINT) AS bytes
    FROM DBC.TableSizeV AS x
    WHERE x.DataBaseName = :database
    GROUP BY x.TableName
) AS z ON z.TableName = t.TableName AND t.TableKind <> 'V'
LEFT JOIN (
    SELECT y.TableName AS TableName, MAX(y.RowCount) AS counted
    FROM DBC.StatsV AS y
    WHERE y.DatabaseName = :database AND y.StatsId = 0
    GROUP BY y.TableName
) AS s ON s.TableName = t.TableName
WHERE t.DatabaseName = :database AND t.TableKind IN ('T', 'O', 'V', 'I', 'Q', 'J')
