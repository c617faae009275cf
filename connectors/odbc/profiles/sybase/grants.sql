-- Rights on objects: 0 and 1 are grants, 2 what was revoked of a grant to a group. The group public is everybody in the
-- database, the user guest everybody on the server.
-- Reference Manual: Tables, sysprotects
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
SELECT DISTINCT
    o.name AS "path",
    g.name AS "grantee",
    CASE WHEN g.name IN ('public', 'guest') THEN 'authenticated' WHEN g.uid = g.gid THEN 'group' WHEN g.suid = -2 THEN 'role' ELSE 'user' END AS "grantee_kind",
    CASE p.action WHEN 193 THEN 'read' WHEN 196 THEN 'delete' WHEN 224 THEN 'execute' WHEN 151 THEN 'list' ELSE 'write' END AS "right",
    CASE p.protecttype WHEN 2 THEN 'deny' ELSE 'allow' END AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    CASE p.action
        WHEN 151 THEN 'REFERENCES' WHEN 193 THEN 'SELECT' WHEN 195 THEN 'INSERT' WHEN 196 THEN 'DELETE' WHEN 197 THEN 'UPDATE'
        WHEN 224 THEN 'EXECUTE' WHEN 282 THEN 'DELETE STATISTICS' WHEN 320 THEN 'TRUNCATE TABLE' WHEN 326 THEN 'UPDATE STATISTICS'
        ELSE 'action ' + CONVERT(varchar(10), p.action)
    END AS "native"
FROM sysprotects AS p
JOIN sysobjects AS o ON o.id = p.id
JOIN sysusers AS u ON u.uid = o.uid
JOIN sysusers AS g ON g.uid = p.uid
WHERE u.name = :schema AND o.type IN ('U', 'V', 'P', 'SF', 'F', 'XP')
