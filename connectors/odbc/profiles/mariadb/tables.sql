-- Tables, views and sequences, with the figures of the engine's statistics; for a table that another server holds they are
-- that server's rows, and neither its size nor a time.
SELECT
    t.table_name AS name,
    CASE
        WHEN t.table_type IN ('VIEW', 'SYSTEM VIEW') THEN 'view'
        WHEN t.table_type = 'SEQUENCE' THEN 'sequence'
        WHEN t.engine IN ('FEDERATED', 'CONNECT', 'SPIDER', 'S3') THEN 'foreign_table'
        ELSE 'table'
    END AS kind,
    CASE WHEN t.table_type <> 'SEQUENCE' AND t.engine NOT IN ('FEDERATED', 'CONNECT', 'SPIDER', 'S3') THEN t.data_length END AS size,
    CASE
        WHEN t.table_type <> 'SEQUENCE' AND t.engine NOT IN ('FEDERATED', 'CONNECT', 'SPIDER', 'S3') THEN t.data_length + t.index_length
    END AS allocated,
    CASE WHEN t.table_type <> 'SEQUENCE' THEN t.table_rows END AS `rows`,
    CAST(UNIX_TIMESTAMP(t.create_time) * 1000000 AS SIGNED) AS created,
    CASE
        WHEN t.engine NOT IN ('FEDERATED', 'CONNECT', 'SPIDER', 'S3') THEN CAST(UNIX_TIMESTAMP(t.update_time) * 1000000 AS SIGNED)
    END AS modified,
    t.engine AS subtype
FROM information_schema.tables AS t
WHERE t.table_schema = :database
