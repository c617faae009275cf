-- Foreign keys, one row for each of their columns; they may lead to another database, whose columns have no names here. There
-- are no actions: what would break a key is refused.
-- Reference Manual: Tables, sysreferences
-- Reference Manual: Tables, syscolumns
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
SELECT
    o.name AS "path",
    OBJECT_NAME(r.constrid) AS "name",
    'foreign' AS "kind",
    c.name AS "columns",
    COALESCE(p.name, OBJECT_NAME(r.reftabid, DB_ID(r.pmrydbname))) AS "ref_path",
    q.name AS "ref_schema",
    r.pmrydbname AS "ref_database",
    d.name AS "ref_columns",
    'RESTRICT' AS "on_delete",
    'RESTRICT' AS "on_update"
FROM sysreferences AS r
JOIN sysobjects AS o ON o.id = r.tableid
JOIN sysusers AS u ON u.uid = o.uid
CROSS JOIN (
    SELECT 1 AS k UNION ALL SELECT 2 AS k UNION ALL SELECT 3 AS k UNION ALL SELECT 4 AS k
    UNION ALL SELECT 5 AS k UNION ALL SELECT 6 AS k UNION ALL SELECT 7 AS k UNION ALL SELECT 8 AS k
    UNION ALL SELECT 9 AS k UNION ALL SELECT 10 AS k UNION ALL SELECT 11 AS k UNION ALL SELECT 12 AS k
    UNION ALL SELECT 13 AS k UNION ALL SELECT 14 AS k UNION ALL SELECT 15 AS k UNION ALL SELECT 16 AS k
) AS n
JOIN syscolumns AS c ON c.id = r.tableid AND c.colid = CASE n.k WHEN 1 THEN r.fokey1 WHEN 2 THEN r.fokey2 WHEN 3 THEN r.fokey3 WHEN 4 THEN r.fokey4 WHEN 5 THEN r.fokey5 WHEN 6 THEN r.fokey6 WHEN 7 THEN r.fokey7 WHEN 8 THEN r.fokey8 WHEN 9 THEN r.fokey9 WHEN 10 THEN r.fokey10 WHEN 11 THEN r.fokey11 WHEN 12 THEN r.fokey12 WHEN 13 THEN r.fokey13 WHEN 14 THEN r.fokey14 WHEN 15 THEN r.fokey15 WHEN 16 THEN r.fokey16 END
LEFT JOIN sysobjects AS p ON p.id = r.reftabid AND r.pmrydbname IS NULL
LEFT JOIN sysusers AS q ON q.uid = p.uid
LEFT JOIN syscolumns AS d ON d.id = r.reftabid AND r.pmrydbname IS NULL AND d.colid = CASE n.k WHEN 1 THEN r.refkey1 WHEN 2 THEN r.refkey2 WHEN 3 THEN r.refkey3 WHEN 4 THEN r.refkey4 WHEN 5 THEN r.refkey5 WHEN 6 THEN r.refkey6 WHEN 7 THEN r.refkey7 WHEN 8 THEN r.refkey8 WHEN 9 THEN r.refkey9 WHEN 10 THEN r.refkey10 WHEN 11 THEN r.refkey11 WHEN 12 THEN r.refkey12 WHEN 13 THEN r.refkey13 WHEN 14 THEN r.refkey14 WHEN 15 THEN r.refkey15 WHEN 16 THEN r.refkey16 END
WHERE u.name = :schema AND r.frgndbname IS NULL AND n.k <= r.keycnt
ORDER BY o.name, r.constrid, n.k
