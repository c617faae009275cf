-- Procedures and functions, in pieces of 255; NULL where the text was hidden.
-- Reference Manual: Tables, syscomments
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
SELECT
    o.name AS "path",
    CASE o.type WHEN 'P' THEN 'procedure' WHEN 'XP' THEN 'procedure' ELSE 'function' END AS "kind",
    'tsql' AS "dialect",
    CASE o.type WHEN 'XP' THEN 'c' WHEN 'F' THEN 'java' ELSE 'sql' END AS "language",
    c.text AS "definition",
    c.number * 65536 + c.colid2 * 32768 + c.colid AS "place"
FROM sysobjects AS o
JOIN sysusers AS u ON u.uid = o.uid
LEFT JOIN syscomments AS c ON c.id = o.id AND c.texttype = 0
WHERE u.name = :schema AND o.type IN ('P', 'XP', 'SF', 'F')
ORDER BY o.name, c.number, c.colid2, c.colid
