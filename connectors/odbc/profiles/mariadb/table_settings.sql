-- What sets a table apart: how it is stored, indexes that are more than a sorted list, and when events run.
SELECT t.table_name AS path, 'row_format' AS name, LOWER(t.row_format) AS value
FROM information_schema.tables AS t
WHERE t.table_schema = :database AND t.table_type = 'BASE TABLE' AND t.engine = 'InnoDB' AND t.row_format <> 'Dynamic'
UNION ALL
SELECT t.table_name AS path, 'options' AS name, t.create_options AS value
FROM information_schema.tables AS t
WHERE t.table_schema = :database AND t.create_options NOT IN ('', 'partitioned') AND t.engine NOT IN ('FEDERATED', 'CONNECT', 'SPIDER', 'S3', 'OQGRAPH')
UNION ALL
SELECT DISTINCT s.table_name AS path, CONCAT('index.', s.index_name) AS name, LOWER(s.index_type) AS value
FROM information_schema.statistics AS s
WHERE s.table_schema = :database AND s.index_type NOT IN ('BTREE', '')
UNION ALL
SELECT
    e.event_name AS path,
    'schedule' AS name,
    CONCAT(
        CASE WHEN e.event_type = 'RECURRING' THEN CONCAT('every ', e.interval_value, ' ', LOWER(e.interval_field)) ELSE CONCAT('once at ', e.execute_at) END,
        ', ', LOWER(e.status), ', as ', e.definer
    ) AS value
FROM information_schema.events AS e
WHERE e.event_schema = :database
