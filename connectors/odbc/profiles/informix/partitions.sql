-- How tables are divided: in what way, by which expression, into how many parts.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysfragments
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT
    t.tabname AS path,
    'partitions' AS name,
    TO_CHAR(COUNT(*)) AS value
FROM sysfragments f
JOIN systables t ON t.tabid = f.tabid
WHERE f.fragtype = 'T' AND t.owner = :schema
GROUP BY t.tabname
UNION ALL
SELECT DISTINCT
    t.tabname AS path,
    'partition_method' AS name,
    CASE f.strategy WHEN 'R' THEN 'round robin' WHEN 'E' THEN 'expression' WHEN 'N' THEN 'interval' WHEN 'L' THEN 'list' ELSE f.strategy END AS value
FROM sysfragments f
JOIN systables t ON t.tabid = f.tabid
WHERE f.fragtype = 'T' AND t.owner = :schema
