-- Roles the account itself may take on; whose they are besides, the server shows to few.
SELECT
    '' AS path,
    CONCAT('''', a.role_name, '''@''''') AS `group`,
    CASE
        WHEN INSTR(a.grantee, '@') > 0 THEN CONCAT('''', REPLACE(a.grantee, '@', '''@'''), '''')
        ELSE CONCAT('''', a.grantee, '''@''''')
    END AS member,
    CASE WHEN INSTR(a.grantee, '@') > 0 THEN 'user' ELSE 'role' END AS member_kind
FROM information_schema.applicable_roles AS a
WHERE a.role_name IS NOT NULL
