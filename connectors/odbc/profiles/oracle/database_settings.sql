-- What the database says of itself.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/DATABASE_PROPERTIES.html
SELECT '' AS "path", LOWER(p.property_name) AS "name", p.property_value AS "value"
FROM database_properties p
WHERE p.property_name IN (
    'GLOBAL_DB_NAME', 'DBTIMEZONE', 'DEFAULT_PERMANENT_TABLESPACE', 'DEFAULT_TEMP_TABLESPACE', 'DST_PRIMARY_TT_VERSION', 'NLS_RDBMS_VERSION'
)
