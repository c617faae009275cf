-- Federated servers, with the host and database their options name; passwords are among the users' options, which are not asked for.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatservers
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatserveroptions
SELECT
    '' AS "path",
    s.SERVERNAME AS "part",
    'server_link' AS "kind",
    COALESCE(h.SETTING || '/', '') || COALESCE(n.SETTING || '/', '') || COALESCE(d.SETTING, s.SERVERNAME) AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM SYSCAT.SERVERS AS s
LEFT JOIN SYSCAT.SERVEROPTIONS AS h ON h.SERVERNAME = s.SERVERNAME AND h.OPTION = 'HOST'
LEFT JOIN SYSCAT.SERVEROPTIONS AS n ON n.SERVERNAME = s.SERVERNAME AND n.OPTION = 'NODE'
LEFT JOIN SYSCAT.SERVEROPTIONS AS d ON d.SERVERNAME = s.SERVERNAME AND d.OPTION = 'DBNAME'
