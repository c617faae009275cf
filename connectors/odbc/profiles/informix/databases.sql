-- Databases of the server, without its own.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysdatabases
SELECT d.name AS name, 'database' AS kind, d.owner AS owner
FROM sysdatabases d
WHERE d.name NOT IN ('sysmaster', 'sysutils', 'sysuser', 'sysadmin', 'syscdr', 'syscdcv1')
ORDER BY d.name
