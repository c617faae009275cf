-- Who belongs to which role.
SELECT
    '' AS path,
    g.rolname AS group,
    m.rolname AS member,
    CASE WHEN m.rolcanlogin THEN 'user' ELSE 'role' END AS member_kind
FROM pg_catalog.pg_auth_members AS a
JOIN pg_catalog.pg_roles AS g ON g.oid = a.roleid
JOIN pg_catalog.pg_roles AS m ON m.oid = a.member
ORDER BY g.rolname, m.rolname
