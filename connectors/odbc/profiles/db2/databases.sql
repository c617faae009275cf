-- The one database of the connection.
-- https://www.ibm.com/docs/en/db2/11.5?topic=registers-current-server
SELECT CURRENT_SERVER AS "name", 'database' AS "kind"
FROM SYSIBM.SYSDUMMY1 AS d
