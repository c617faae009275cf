-- Functions and procedures by name and arguments, as names may be shared; those an extension brought are its own matter.
SELECT
    p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS path,
    CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
    'postgres' AS dialect,
    l.lanname AS language,
    CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
    p.oid AS mark
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_depend AS e
    ON e.classid = CAST('pg_catalog.pg_proc' AS regclass) AND e.objid = p.oid AND e.deptype = 'e'
WHERE n.nspname = :schema AND e.objid IS NULL
    AND p.oid > CAST(:after AS oid)
ORDER BY p.oid
LIMIT 1000
