-- Who has been given which role.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, RoleMembersV
SELECT
    '' AS "path",
    m.RoleName AS "group",
    m.Grantee AS "member"
FROM DBC.RoleMembersV AS m
