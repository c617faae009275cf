-- What the database says of itself.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-dbcfg
SELECT '' AS "path", LOWER(c.NAME) AS "name", c.VALUE AS "value"
FROM SYSIBMADM.DBCFG AS c
WHERE c.NAME IN (
    'codeset', 'codepage', 'territory', 'db_collname', 'pagesize', 'logarchmeth1', 'restrict_access', 'cur_commit', 'encrlib', 'hadr_db_role',
    'database_level', 'string_units'
)
