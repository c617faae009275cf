-- From version 16 the server knows when a table or an index of it was last read (our own samples count too). Tables, views and the like. Sizes are pages of the statistics, not of the files: asking for those waits for locks.
-- Of a foreign table's server the place alone is asked for: a wrapper may keep a password among its other options.
-- A partitioned table holds nothing itself; before version 14 "never counted" was written as 0 rows in 0 pages.
SELECT
    c.relname AS name,
    CASE c.relkind
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized_view'
        WHEN 'f' THEN 'foreign_table'
        WHEN 'S' THEN 'sequence'
        ELSE 'table'
    END AS kind,
    CASE WHEN s.counted THEN (c.relpages + COALESCE(t.relpages, 0)) * s.page END AS size,
    CASE WHEN s.counted THEN (c.relpages + COALESCE(t.relpages, 0) + s.index_pages) * s.page END AS allocated,
    CASE WHEN c.reltuples >= 0 AND (s.counted OR c.relkind = 'f' AND c.reltuples > 0) THEN CAST(c.reltuples AS bigint) END AS rows,
    CAST(EXTRACT(EPOCH FROM GREATEST(pg_catalog.pg_stat_get_lastscan(c.oid), s.index_scan)) * 1000000 AS bigint) AS accessed,
    pg_catalog.pg_get_userbyid(c.relowner) AS owner,
    CASE
        WHEN c.relkind = 'p' THEN 'partitioned'
        WHEN c.relispartition THEN 'partition'
        WHEN c.relpersistence = 'u' THEN 'unlogged'
    END AS subtype,
    (
        SELECT f.srvname || COALESCE(' (' || STRING_AGG(o.option_name || '=' || o.option_value, ', ' ORDER BY o.option_name) || ')', '')
        FROM pg_catalog.pg_foreign_table AS x
        JOIN pg_catalog.pg_foreign_server AS f ON f.oid = x.ftserver
        LEFT JOIN LATERAL pg_catalog.pg_options_to_table(f.srvoptions) AS o
            ON o.option_name IN ('host', 'hostaddr', 'port', 'dbname', 'servername', 'database')
        WHERE x.ftrelid = c.oid
        GROUP BY f.oid, f.srvname
    ) AS target
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
CROSS JOIN LATERAL (
    SELECT
        CAST(pg_catalog.current_setting('block_size') AS bigint) AS page,
        c.relkind IN ('r', 'm') AND (
            c.relpages > 0
            OR c.reltuples = 0 AND CAST(pg_catalog.current_setting('server_version_num') AS integer) >= 140000
        ) AS counted,
        COALESCE((
            SELECT SUM(i.relpages)
            FROM pg_catalog.pg_index AS x
            JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
            WHERE x.indrelid = c.oid
        ), 0) AS index_pages,
        (
            SELECT MAX(pg_catalog.pg_stat_get_lastscan(x.indexrelid))
            FROM pg_catalog.pg_index AS x
            WHERE x.indrelid = c.oid
        ) AS index_scan
) AS s
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
