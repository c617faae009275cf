-- Triggers and rewrite rules; their names are unique on their table only.
SELECT
    t.tgname AS path,
    'trigger' AS kind,
    'postgres' AS dialect,
    'sql' AS language,
    c.relname AS on_path,
    pg_catalog.pg_get_triggerdef(t.oid) AS definition
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND NOT t.tgisinternal
    AND c.relname = :object
UNION ALL
SELECT
    r.rulename AS path,
    'rule' AS kind,
    'postgres' AS dialect,
    'sql' AS language,
    c.relname AS on_path,
    pg_catalog.pg_get_ruledef(r.oid) AS definition
FROM pg_catalog.pg_rewrite AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND r.rulename <> '_RETURN'
    AND c.relname = :object
