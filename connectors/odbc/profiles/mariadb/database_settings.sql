-- What a database says of itself; its size is what the engines' statistics add up to.
SELECT '' AS path, 'encoding' AS name, s.default_character_set_name AS value
FROM information_schema.schemata AS s
WHERE s.schema_name = :database
UNION ALL
SELECT '' AS path, 'collation' AS name, s.default_collation_name AS value
FROM information_schema.schemata AS s
WHERE s.schema_name = :database
UNION ALL
SELECT '' AS path, 'database_bytes' AS name, CAST(SUM(t.data_length + t.index_length) AS CHAR) AS value
FROM information_schema.tables AS t
WHERE t.table_schema = :database AND t.table_type = 'BASE TABLE' AND t.engine NOT IN ('FEDERATED', 'CONNECT', 'SPIDER', 'S3')
