-- Of who has a role only the name is told, and either may hold an '@': the last one of a user's begins the host.
-- Roles the account itself may take on; whose they are besides, the server shows to few.
SELECT
    '' AS path,
    CONCAT('''', a.role_name, '''@''''') AS `group`,
    CASE
        WHEN r.role_name IS NOT NULL THEN CONCAT('''', a.grantee, '''@''''')
        ELSE CONCAT(
            '''', LEFT(a.grantee, CHAR_LENGTH(a.grantee) - CHAR_LENGTH(SUBSTRING_INDEX(a.grantee, '@', -1)) - 1),
            '''@''', SUBSTRING_INDEX(a.grantee, '@', -1), ''''
        )
    END AS member,
    CASE WHEN r.role_name IS NOT NULL THEN 'role' ELSE 'user' END AS member_kind
FROM information_schema.applicable_roles AS a
LEFT JOIN (SELECT DISTINCT b.role_name AS role_name FROM information_schema.applicable_roles AS b) AS r ON r.role_name = a.grantee
WHERE a.role_name IS NOT NULL
