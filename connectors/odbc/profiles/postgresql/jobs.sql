-- Triggers on events of the database itself.
SELECT
    e.evtname AS path,
    'trigger' AS kind,
    'postgres' AS dialect,
    'sql' AS language,
    'CREATE EVENT TRIGGER ' || pg_catalog.quote_ident(e.evtname) || ' ON ' || e.evtevent
    || COALESCE(' WHEN TAG IN (' || pg_catalog.array_to_string(e.evttags, ', ') || ')', '')
    || ' EXECUTE FUNCTION ' || CAST(e.evtfoid AS regprocedure) AS definition
FROM pg_catalog.pg_event_trigger AS e
LEFT JOIN pg_catalog.pg_depend AS d
    ON d.classid = CAST('pg_catalog.pg_event_trigger' AS regclass) AND d.objid = e.oid AND d.deptype = 'e'
WHERE d.objid IS NULL
