-- What views select, in pieces of 255; NULL where the text was hidden.
-- Reference Manual: Tables, syscomments
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
SELECT
    o.name AS "path",
    'view' AS "kind",
    'tsql' AS "dialect",
    'sql' AS "language",
    c.text AS "definition",
    c.number * 65536 + c.colid2 * 32768 + c.colid AS "place"
FROM sysobjects AS o
JOIN sysusers AS u ON u.uid = o.uid
LEFT JOIN syscomments AS c ON c.id = o.id AND c.texttype = 0
WHERE u.name = :schema AND o.type = 'V'
ORDER BY o.name, c.number, c.colid2, c.colid
