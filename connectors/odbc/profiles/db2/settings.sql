-- What the server says of itself: version, and how it knows and hides who connects.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-env-inst-info
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-dbmcfg
SELECT '' AS "path", 'server_version' AS "name", i.SERVICE_LEVEL AS "value"
FROM SYSIBMADM.ENV_INST_INFO AS i
UNION ALL
SELECT '' AS "path", 'instance_name' AS "name", i.INST_NAME AS "value"
FROM SYSIBMADM.ENV_INST_INFO AS i
UNION ALL
SELECT '' AS "path", LOWER(c.NAME) AS "name", c.VALUE AS "value"
FROM SYSIBMADM.DBMCFG AS c
WHERE c.NAME IN ('authentication', 'srvcon_auth', 'federated', 'ssl_versions', 'ssl_svcename', 'svcename', 'catalog_noauth', 'trust_allclnts')
