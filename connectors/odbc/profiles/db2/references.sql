-- What leads elsewhere: nicknames for tables of federated servers.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattaboptions
SELECT
    t.TABNAME AS "path",
    o.SETTING AS "part",
    'server_link' AS "kind",
    o.SETTING || '.' || COALESCE(s.SETTING, '') || '.' || COALESCE(r.SETTING, '') AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM SYSCAT.TABLES AS t
JOIN SYSCAT.TABOPTIONS AS o ON o.TABSCHEMA = t.TABSCHEMA AND o.TABNAME = t.TABNAME AND o.OPTION = 'SERVER'
LEFT JOIN SYSCAT.TABOPTIONS AS s ON s.TABSCHEMA = t.TABSCHEMA AND s.TABNAME = t.TABNAME AND s.OPTION = 'REMOTE_SCHEMA'
LEFT JOIN SYSCAT.TABOPTIONS AS r ON r.TABSCHEMA = t.TABSCHEMA AND r.TABNAME = t.TABNAME AND r.OPTION = 'REMOTE_TABLE'
WHERE t.TABSCHEMA = :schema AND t.TYPE = 'N'
