-- Triggers, in pieces of 255; of a trigger, deltrig is the number of its table.
-- Reference Manual: Tables, syscomments
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
SELECT
    o.name AS "path",
    'trigger' AS "kind",
    'tsql' AS "dialect",
    'sql' AS "language",
    e.name AS "on_path",
    c.text AS "definition",
    c.number * 65536 + c.colid2 * 32768 + c.colid AS "place"
FROM sysobjects AS o
JOIN sysusers AS u ON u.uid = o.uid
LEFT JOIN syscomments AS c ON c.id = o.id AND c.texttype = 0
LEFT JOIN sysobjects AS e ON e.id = o.deltrig
WHERE u.name = :schema AND o.type = 'TR'
ORDER BY o.name, c.number, c.colid2, c.colid
