-- Rights on everything, as far as the account can see them. Several privileges that amount to one right are one row.
SELECT
    '' AS path,
    p.grantee AS grantee,
    CASE
        WHEN p.grantee LIKE '''''@%' OR p.grantee LIKE '''PUBLIC''@''''' THEN 'everyone'
        WHEN p.grantee LIKE '%@''''' THEN 'role'
        ELSE 'user'
    END AS grantee_kind,
    p.`right` AS `right`,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    GROUP_CONCAT(p.privilege_type ORDER BY p.privilege_type SEPARATOR ', ') AS native,
    'both' AS scope,
    p.`condition` AS `condition`
FROM (
    SELECT
        u.grantee AS grantee,
        u.privilege_type AS privilege_type,
        CASE
            WHEN u.privilege_type IN ('SELECT', 'SHOW VIEW') THEN 'read'
            WHEN u.privilege_type IN ('FILE', 'REPLICATION SLAVE', 'BINLOG MONITOR', 'REPLICATION CLIENT') THEN 'read'
            WHEN u.privilege_type IN ('DELETE', 'DROP', 'DELETE HISTORY', 'DELETE VERSIONING ROWS') THEN 'delete'
            WHEN u.privilege_type = 'EXECUTE' THEN 'execute'
            WHEN u.privilege_type IN ('SHOW DATABASES', 'PROCESS', 'REFERENCES') THEN 'list'
            WHEN u.privilege_type IN ('CREATE USER', 'SET USER') THEN 'change_permissions'
            WHEN u.privilege_type = 'SUPER' THEN 'full'
            ELSE 'write'
        END AS `right`,
        CASE
            WHEN u.privilege_type = 'FILE' THEN 'files on the server itself'
            WHEN u.privilege_type IN ('REPLICATION SLAVE', 'BINLOG MONITOR', 'REPLICATION CLIENT') THEN 'over a replication connection'
        END AS `condition`
    FROM information_schema.user_privileges AS u
    WHERE u.privilege_type <> 'USAGE'
    UNION ALL
    SELECT u.grantee AS grantee, 'GRANT OPTION' AS privilege_type, 'change_permissions' AS `right`, NULL AS `condition`
    FROM information_schema.user_privileges AS u
    WHERE u.is_grantable = 'YES'
    GROUP BY u.grantee
) AS p
GROUP BY p.grantee, p.`right`, p.`condition`
