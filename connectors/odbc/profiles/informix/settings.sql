-- What the server says of itself; asked of its own database.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysconfig
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysdual
SELECT '' AS path, 'server_version' AS name, DBINFO('version', 'full') AS value
FROM sysdual d
UNION ALL
SELECT '' AS path, LOWER(c.cf_name) AS name, c.cf_effective AS value
FROM sysconfig c
WHERE c.cf_name IN (
    'DBSERVERNAME', 'DBSERVERALIASES', 'SERVERNUM', 'ENCRYPT_CIPHERS', 'NETTYPE', 'LISTEN_TIMEOUT', 'UNSECURE_ONSTAT', 'SSL_KEYSTORE_LABEL',
    'DISK_ENCRYPTION', 'DB_LIBRARY_PATH', 'IFX_EXTEND_ROLE', 'SECURITY_LOCALCONNECTION'
)
