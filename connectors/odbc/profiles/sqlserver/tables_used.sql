-- Tables, views, synonyms and sequences, with when they were last read and written since the server started. Rows and pages are what the server
-- keeps of itself: nothing is counted. A view with a clustered index keeps its rows.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-objects-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-partitions-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-allocation-units-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-synonyms-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-db-index-usage-stats-transact-sql
SELECT
    o.name AS "name",
    CASE
        WHEN o.type = 'V' AND z.object_id IS NOT NULL THEN 'materialized_view'
        WHEN o.type = 'V' THEN 'view'
        WHEN o.type = 'SN' THEN 'synonym'
        WHEN o.type = 'SO' THEN 'sequence'
        ELSE 'table'
    END AS "kind",
    z.data_pages * 8192 AS "size",
    z.total_pages * 8192 AS "allocated",
    r.number_of_rows AS "rows",
    (CAST(DATEDIFF(MINUTE, '19700101', o.create_date) AS bigint) - DATEDIFF(MINUTE, GETUTCDATE(), GETDATE())) * 60000000 AS "created",
    (CAST(DATEDIFF(MINUTE, '19700101', u.written) AS bigint) - DATEDIFF(MINUTE, GETUTCDATE(), GETDATE())) * 60000000 AS "modified",
    (CAST(DATEDIFF(MINUTE, '19700101', u.seen) AS bigint) - DATEDIFF(MINUTE, GETUTCDATE(), GETDATE())) * 60000000 AS "accessed",
    COALESCE(p.name, q.name) AS "owner",
    n.base_object_name AS "target",
    CASE WHEN o.type = 'U' AND r.partitions_held > 1 THEN 'partitioned' WHEN o.type = 'U' AND r.heap = 1 THEN 'heap' END AS "subtype"
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
LEFT JOIN sys.database_principals AS p ON p.principal_id = o.principal_id
LEFT JOIN sys.database_principals AS q ON q.principal_id = s.principal_id
LEFT JOIN sys.synonyms AS n ON n.object_id = o.object_id
LEFT JOIN (
    SELECT x.object_id AS object_id, SUM(x.rows) AS number_of_rows, COUNT(*) AS partitions_held, 1 - MIN(x.index_id) AS heap
    FROM sys.partitions AS x
    WHERE x.index_id IN (0, 1)
    GROUP BY x.object_id
) AS r ON r.object_id = o.object_id
LEFT JOIN (
    SELECT
        x.object_id AS object_id,
        SUM(CASE WHEN x.index_id IN (0, 1) THEN a.used_pages ELSE 0 END) AS data_pages,
        SUM(a.total_pages) AS total_pages
    FROM sys.partitions AS x
    JOIN sys.allocation_units AS a ON a.container_id = CASE WHEN a.type = 2 THEN x.partition_id ELSE x.hobt_id END
    GROUP BY x.object_id
) AS z ON z.object_id = o.object_id
LEFT JOIN (
    SELECT
        y.object_id AS object_id,
        MAX(y.last_user_update) AS written,
        MAX(CASE
            WHEN y.last_user_scan > COALESCE(y.last_user_seek, '19000101') AND y.last_user_scan > COALESCE(y.last_user_lookup, '19000101') THEN y.last_user_scan
            WHEN y.last_user_lookup > COALESCE(y.last_user_seek, '19000101') THEN y.last_user_lookup
            ELSE y.last_user_seek
        END) AS seen
    FROM sys.dm_db_index_usage_stats AS y
    WHERE y.database_id = DB_ID()
    GROUP BY y.object_id
) AS u ON u.object_id = o.object_id
WHERE s.name = :schema AND o.type IN ('U', 'V', 'SN', 'SO') AND o.is_ms_shipped = 0
