-- Who belongs to which role, from version 8.
SELECT
    '' AS path,
    CONCAT('''', m.from_user, '''@''', m.from_host, '''') AS `group`,
    CONCAT('''', m.to_user, '''@''', m.to_host, '''') AS member,
    'user' AS member_kind
FROM mysql.role_edges AS m
