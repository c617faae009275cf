-- Rights on everything, as far as the account can see them.
SELECT DISTINCT
    '' AS path,
    p.grantee AS grantee,
    'user' AS grantee_kind,
    CASE p.privilege_type
        WHEN 'SELECT' THEN 'read' WHEN 'DELETE' THEN 'delete' WHEN 'DROP' THEN 'delete' WHEN 'EXECUTE' THEN 'execute'
        WHEN 'SHOW DATABASES' THEN 'list' WHEN 'CREATE USER' THEN 'change_permissions' WHEN 'SUPER' THEN 'full'
        ELSE 'write'
    END AS `right`,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin
FROM information_schema.user_privileges AS p
WHERE p.privilege_type IN (
    'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'EXECUTE', 'SHOW DATABASES', 'CREATE USER', 'SUPER'
)
