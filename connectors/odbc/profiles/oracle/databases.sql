-- The one database, or pluggable database, of the connection.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/GLOBAL_NAME.html
SELECT g.global_name AS "name", 'database' AS "kind"
FROM global_name g
