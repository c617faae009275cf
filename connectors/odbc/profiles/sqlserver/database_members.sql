-- Who is in which role of the database.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-database-role-members-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-database-principals-transact-sql
SELECT
    '' AS "path",
    r.name AS "group",
    m.name AS "member",
    CASE WHEN m.type IN ('G', 'X') THEN 'group' WHEN m.type = 'R' THEN 'role' ELSE 'user' END AS "member_kind"
FROM sys.database_role_members AS x
JOIN sys.database_principals AS r ON r.principal_id = x.role_principal_id
JOIN sys.database_principals AS m ON m.principal_id = x.member_principal_id
