-- Who belongs to which role.
SELECT
    '' AS path,
    CONCAT('''', m.role, '''@''''') AS `group`,
    CONCAT('''', m.user, '''@''', m.host, '''') AS member,
    CASE WHEN m.host = '' THEN 'role' ELSE 'user' END AS member_kind
FROM mysql.roles_mapping AS m
