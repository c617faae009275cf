-- What the server says of itself. The empty path is no text in Oracle: it comes as NULL and means the same.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/PRODUCT_COMPONENT_VERSION.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/NLS_DATABASE_PARAMETERS.html
SELECT '' AS "path", 'server_version' AS "name", p.version AS "value"
FROM product_component_version p
WHERE p.product LIKE 'Oracle%'
UNION ALL
SELECT '' AS "path", 'edition' AS "name", p.product AS "value"
FROM product_component_version p
WHERE p.product LIKE 'Oracle%'
UNION ALL
SELECT '' AS "path", LOWER(n.parameter) AS "name", n.value AS "value"
FROM nls_database_parameters n
WHERE n.parameter IN ('NLS_CHARACTERSET', 'NLS_NCHAR_CHARACTERSET', 'NLS_SORT', 'NLS_COMP', 'NLS_LENGTH_SEMANTICS', 'NLS_TERRITORY')
UNION ALL
SELECT '' AS "path", 'server_host' AS "name", SYS_CONTEXT('USERENV', 'SERVER_HOST') AS "value"
FROM dual
UNION ALL
SELECT '' AS "path", 'instance_name' AS "name", SYS_CONTEXT('USERENV', 'INSTANCE_NAME') AS "value"
FROM dual
UNION ALL
SELECT '' AS "path", 'db_unique_name' AS "name", SYS_CONTEXT('USERENV', 'DB_UNIQUE_NAME') AS "value"
FROM dual
UNION ALL
SELECT '' AS "path", 'connection_protocol' AS "name", SYS_CONTEXT('USERENV', 'NETWORK_PROTOCOL') AS "value"
FROM dual
UNION ALL
SELECT '' AS "path", 'connection_auth_method' AS "name", SYS_CONTEXT('USERENV', 'AUTHENTICATION_METHOD') AS "value"
FROM dual
