-- Owners of tables and routines: a schema has no other being here. The server's own things are numbered below 100.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysprocedures
SELECT DISTINCT t.owner AS name, 'schema' AS kind, t.owner AS owner
FROM systables t
WHERE t.tabid >= 100
UNION
SELECT DISTINCT p.owner AS name, 'schema' AS kind, p.owner AS owner
FROM sysprocedures p
WHERE p.mode IN ('O', 'D', 'R') AND p.owner <> 'informix'
