-- What roles may do everywhere, by their own attributes and as one of the server's ready-made roles.
SELECT
    '' AS path,
    r.rolname AS grantee,
    CASE WHEN r.rolcanlogin THEN 'user' ELSE 'role' END AS grantee_kind,
    a.right AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    CAST(r.oid AS text) AS grantee_id,
    a.native AS native,
    'both' AS scope,
    a.condition AS condition
FROM pg_catalog.pg_roles AS r
CROSS JOIN LATERAL (
    SELECT 'full' AS right, 'SUPERUSER' AS native, NULL AS condition, r.rolsuper AS given
    UNION ALL
    SELECT 'full' AS right, 'BYPASSRLS' AS native, 'on tables it has a right to: their row security does not hold for it' AS condition, r.rolbypassrls AND NOT r.rolsuper AS given
    UNION ALL
    SELECT 'change_permissions' AS right, 'CREATEROLE' AS native, NULL AS condition, r.rolcreaterole AND NOT r.rolsuper AS given
    UNION ALL
    SELECT 'write' AS right, 'CREATEDB' AS native, 'makes databases of its own' AS condition, r.rolcreatedb AND NOT r.rolsuper AS given
    UNION ALL
    SELECT 'read' AS right, 'REPLICATION' AS native, 'over a replication connection' AS condition, r.rolreplication AND NOT r.rolsuper AS given
    UNION ALL
    SELECT 'read' AS right, r.rolname AS native, NULL AS condition, r.rolname = 'pg_read_all_data' AS given
    UNION ALL
    SELECT 'write' AS right, r.rolname AS native, NULL AS condition, r.rolname = 'pg_write_all_data' AS given
    UNION ALL
    SELECT 'delete' AS right, r.rolname AS native, NULL AS condition, r.rolname = 'pg_write_all_data' AS given
    UNION ALL
    SELECT 'execute' AS right, r.rolname AS native, 'programs on the server itself' AS condition, r.rolname = 'pg_execute_server_program' AS given
    UNION ALL
    SELECT 'read' AS right, r.rolname AS native, 'files on the server itself' AS condition, r.rolname = 'pg_read_server_files' AS given
    UNION ALL
    SELECT 'write' AS right, r.rolname AS native, 'files on the server itself' AS condition, r.rolname = 'pg_write_server_files' AS given
) AS a
WHERE a.given
