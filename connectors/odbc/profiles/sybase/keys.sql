-- Primary and unique keys, one row for each of their columns: 2048 marks a primary key, 2 in the second status a declared one.
-- Columns beyond the sixteenth are not asked for.
-- Reference Manual: Tables, sysindexes
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
SELECT
    o.name AS "path",
    i.name AS "name",
    CASE WHEN i.status & 2048 = 2048 THEN 'primary' ELSE 'unique' END AS "kind",
    INDEX_COL(u.name + '.' + o.name, i.indid, n.k) AS "columns"
FROM sysindexes AS i
JOIN sysobjects AS o ON o.id = i.id
JOIN sysusers AS u ON u.uid = o.uid
CROSS JOIN (
    SELECT 1 AS k UNION ALL SELECT 2 AS k UNION ALL SELECT 3 AS k UNION ALL SELECT 4 AS k
    UNION ALL SELECT 5 AS k UNION ALL SELECT 6 AS k UNION ALL SELECT 7 AS k UNION ALL SELECT 8 AS k
    UNION ALL SELECT 9 AS k UNION ALL SELECT 10 AS k UNION ALL SELECT 11 AS k UNION ALL SELECT 12 AS k
    UNION ALL SELECT 13 AS k UNION ALL SELECT 14 AS k UNION ALL SELECT 15 AS k UNION ALL SELECT 16 AS k
) AS n
WHERE
    u.name = :schema
    AND o.type = 'U'
    AND i.indid BETWEEN 1 AND 250
    AND i.status2 & 2 = 2
    AND INDEX_COL(u.name + '.' + o.name, i.indid, n.k) IS NOT NULL
ORDER BY o.name, i.name, n.k
