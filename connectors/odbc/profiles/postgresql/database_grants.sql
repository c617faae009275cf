-- Rights on the database itself; where nobody was ever given any, everybody may connect and make temporary tables.
SELECT
    '' AS path,
    CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE COALESCE(r.rolname, '#' || CAST(g.grantee AS text)) END AS grantee,
    CASE WHEN g.grantee = 0 THEN 'everyone' WHEN r.rolcanlogin THEN 'user' WHEN r.oid IS NOT NULL THEN 'role' ELSE 'unknown' END AS grantee_kind,
    v.right AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    CASE WHEN g.grantee <> 0 THEN CAST(g.grantee AS text) END AS grantee_id,
    g.privilege_type AS native,
    'this' AS scope,
    NULL AS condition
FROM pg_catalog.pg_database AS d
CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS g(grantor, grantee, privilege_type, is_grantable)
CROSS JOIN LATERAL (
    SELECT CASE g.privilege_type WHEN 'CONNECT' THEN 'list' WHEN 'TEMPORARY' THEN 'execute' ELSE 'write' END AS right
    UNION ALL
    SELECT 'change_permissions' AS right WHERE g.is_grantable
) AS v
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee
WHERE d.datname = :database AND g.grantee <> d.datdba
UNION ALL
SELECT
    '' AS path,
    COALESCE(r.rolname, '#' || CAST(d.datdba AS text)) AS grantee,
    CASE WHEN r.rolcanlogin THEN 'user' WHEN r.oid IS NOT NULL THEN 'role' ELSE 'unknown' END AS grantee_kind,
    'owner' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    CAST(d.datdba AS text) AS grantee_id,
    'OWNER' AS native,
    'this' AS scope,
    NULL AS condition
FROM pg_catalog.pg_database AS d
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = d.datdba
WHERE d.datname = :database
