-- Accounts that hold something the scanning account can see, without the server's own; Oracle 12 and later.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_USERS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_OBJECTS.html
SELECT u.username AS "name", 'schema' AS "kind", u.username AS "owner"
FROM all_users u
WHERE u.oracle_maintained = 'N' AND EXISTS (SELECT 1 AS held FROM all_objects o WHERE o.owner = u.username)
ORDER BY u.username
