-- Which logins have which role of the server.
-- Reference Manual: Tables, sysloginroles
-- Reference Manual: Tables, syssrvroles
-- Reference Manual: Tables, syslogins
SELECT '' AS "path", r.name AS "group", l.name AS "member", 'user' AS "member_kind"
FROM master..sysloginroles AS x
JOIN master..syssrvroles AS r ON r.srid = x.srid
JOIN master..syslogins AS l ON l.suid = x.suid
