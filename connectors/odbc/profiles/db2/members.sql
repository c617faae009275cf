-- Who has been given which role.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatroleauth
SELECT
    '' AS "path",
    a.ROLENAME AS "group",
    a.GRANTEE AS "member",
    CASE a.GRANTEETYPE WHEN 'U' THEN 'user' WHEN 'G' THEN 'group' WHEN 'R' THEN 'role' END AS "member_kind"
FROM SYSCAT.ROLEAUTH AS a
