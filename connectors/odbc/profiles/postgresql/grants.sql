-- Rights given on the schema (the empty path) and on what is in it; the owner's own stand with the entry.
SELECT DISTINCT
    o.path AS path,
    CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(g.grantee) END AS grantee,
    CASE WHEN g.grantee = 0 THEN 'everyone' WHEN r.rolcanlogin THEN 'user' WHEN r.oid IS NOT NULL THEN 'role' ELSE 'unknown' END AS grantee_kind,
    CASE g.privilege_type
        WHEN 'SELECT' THEN 'read'
        WHEN 'DELETE' THEN 'delete'
        WHEN 'TRUNCATE' THEN 'delete'
        WHEN 'EXECUTE' THEN 'execute'
        WHEN 'USAGE' THEN CASE WHEN o.path = '' THEN 'list' ELSE 'read' END
        ELSE 'write'
    END AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin
FROM (
    SELECT c.relname AS path, c.relowner AS owner, c.relacl AS acl
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relacl IS NOT NULL
    UNION ALL
    SELECT '' AS path, n.nspowner AS owner, n.nspacl AS acl
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname = :schema AND n.nspacl IS NOT NULL
) AS o
CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) AS g(grantor, grantee, privilege_type, is_grantable)
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee
WHERE g.grantee <> o.owner
