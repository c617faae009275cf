-- Rights on the schema (the empty path), on what is in it, on single columns, and on routines, which everybody may run until
-- somebody says otherwise; owners stand in rows of their own. Several privileges that amount to one right are one row.
SELECT
    o.path AS path,
    o.grantee AS grantee,
    o.grantee_kind AS grantee_kind,
    o.right AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    o.grantee_id AS grantee_id,
    STRING_AGG(DISTINCT o.native, ', ' ORDER BY o.native) AS native,
    'this' AS scope,
    o.condition AS condition
FROM (
    SELECT
        a.path AS path,
        CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE COALESCE(r.rolname, '#' || CAST(g.grantee AS text)) END AS grantee,
        CASE WHEN g.grantee = 0 THEN 'everyone' WHEN r.rolcanlogin THEN 'user' WHEN r.oid IS NOT NULL THEN 'role' ELSE 'unknown' END AS grantee_kind,
        CASE WHEN g.grantee <> 0 THEN CAST(g.grantee AS text) END AS grantee_id,
        v.right AS right,
        g.privilege_type AS native,
        a.condition AS condition
    FROM (
        SELECT c.relname AS path, c.relkind AS what, c.relowner AS owner, c.relacl AS acl, NULL AS condition
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relacl IS NOT NULL
        UNION ALL
        SELECT c.relname AS path, c.relkind AS what, c.relowner AS owner, t.attacl AS acl, 'only column ' || t.attname AS condition
        FROM pg_catalog.pg_attribute AS t
        JOIN pg_catalog.pg_class AS c ON c.oid = t.attrelid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND t.attacl IS NOT NULL AND NOT t.attisdropped
        UNION ALL
        SELECT
            p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS path,
            'x' AS what,
            p.proowner AS owner,
            COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)) AS acl,
            NULL AS condition
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        LEFT JOIN pg_catalog.pg_depend AS e
            ON e.classid = CAST('pg_catalog.pg_proc' AS regclass) AND e.objid = p.oid AND e.deptype = 'e'
        WHERE n.nspname = :schema AND e.objid IS NULL
        UNION ALL
        SELECT '' AS path, 'n' AS what, n.nspowner AS owner, n.nspacl AS acl, NULL AS condition
        FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname = :schema AND n.nspacl IS NOT NULL
    ) AS a
    CROSS JOIN LATERAL pg_catalog.aclexplode(a.acl) AS g(grantor, grantee, privilege_type, is_grantable)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN g.privilege_type = 'SELECT' THEN 'read'
            WHEN g.privilege_type IN ('DELETE', 'TRUNCATE') THEN 'delete'
            WHEN g.privilege_type = 'EXECUTE' THEN 'execute'
            WHEN g.privilege_type = 'REFERENCES' OR g.privilege_type = 'USAGE' AND a.what = 'n' THEN 'list'
            ELSE 'write'
        END AS right
        UNION ALL
        SELECT 'change_permissions' AS right WHERE g.is_grantable
    ) AS v
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee
    WHERE g.grantee <> a.owner
    UNION ALL
    SELECT
        w.path AS path,
        COALESCE(r.rolname, '#' || CAST(w.owner AS text)) AS grantee,
        CASE WHEN r.rolcanlogin THEN 'user' WHEN r.oid IS NOT NULL THEN 'role' ELSE 'unknown' END AS grantee_kind,
        CAST(w.owner AS text) AS grantee_id,
        'owner' AS right,
        'OWNER' AS native,
        NULL AS condition
    FROM (
        SELECT c.relname AS path, c.relowner AS owner
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS path, p.proowner AS owner
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        LEFT JOIN pg_catalog.pg_depend AS e
            ON e.classid = CAST('pg_catalog.pg_proc' AS regclass) AND e.objid = p.oid AND e.deptype = 'e'
        WHERE n.nspname = :schema AND e.objid IS NULL
        UNION ALL
        SELECT '' AS path, n.nspowner AS owner
        FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname = :schema
    ) AS w
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = w.owner
) AS o
GROUP BY o.path, o.grantee, o.grantee_kind, o.grantee_id, o.right, o.condition
