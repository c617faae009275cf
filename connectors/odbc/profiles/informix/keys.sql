-- Primary and unique keys, one row for each of their columns. A number below zero is a column in falling order.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysconstraints
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysindexes
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-syscolumns
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT
    t.tabname AS path,
    k.constrname AS name,
    CASE k.constrtype WHEN 'P' THEN 'primary' ELSE 'unique' END AS kind,
    c.colname AS columns
FROM sysconstraints k
JOIN systables t ON t.tabid = k.tabid
JOIN sysindexes i ON i.tabid = k.tabid AND i.idxname = k.idxname
CROSS JOIN (
    SELECT 1 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 2 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 3 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 4 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 5 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 6 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 7 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 8 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 9 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 10 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 11 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 12 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 13 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 14 AS k FROM systables WHERE tabid = 1
    UNION ALL SELECT 15 AS k FROM systables WHERE tabid = 1 UNION ALL SELECT 16 AS k FROM systables WHERE tabid = 1
) n
JOIN syscolumns c ON c.tabid = k.tabid AND c.colno = CASE n.k WHEN 1 THEN ABS(i.part1) WHEN 2 THEN ABS(i.part2) WHEN 3 THEN ABS(i.part3) WHEN 4 THEN ABS(i.part4) WHEN 5 THEN ABS(i.part5) WHEN 6 THEN ABS(i.part6) WHEN 7 THEN ABS(i.part7) WHEN 8 THEN ABS(i.part8) WHEN 9 THEN ABS(i.part9) WHEN 10 THEN ABS(i.part10) WHEN 11 THEN ABS(i.part11) WHEN 12 THEN ABS(i.part12) WHEN 13 THEN ABS(i.part13) WHEN 14 THEN ABS(i.part14) WHEN 15 THEN ABS(i.part15) WHEN 16 THEN ABS(i.part16) END
WHERE t.owner = :schema AND k.constrtype IN ('P', 'U')
ORDER BY t.tabname, k.constrname, n.k
