-- Columns of tables and views; they are numbered from 0.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatcolumns
SELECT
    c.TABNAME AS "path",
    c.COLNAME AS "name",
    c.COLNO + 1 AS "position",
    CASE
        WHEN c.TYPENAME IN ('CHARACTER', 'VARCHAR', 'GRAPHIC', 'VARGRAPHIC', 'BINARY', 'VARBINARY', 'CLOB', 'BLOB', 'DBCLOB')
            THEN c.TYPENAME || '(' || TRIM(CHAR(c.LENGTH)) || ')' || CASE WHEN c.CODEPAGE = 0 AND c.TYPENAME IN ('CHARACTER', 'VARCHAR') THEN ' FOR BIT DATA' ELSE '' END
        WHEN c.TYPENAME = 'DECIMAL' THEN 'DECIMAL(' || TRIM(CHAR(c.LENGTH)) || ',' || TRIM(CHAR(c.SCALE)) || ')'
        WHEN c.TYPESCHEMA <> 'SYSIBM' THEN TRIM(c.TYPESCHEMA) || '.' || c.TYPENAME
        ELSE c.TYPENAME
    END AS "type",
    CASE WHEN c.TYPENAME IN ('CHARACTER', 'VARCHAR', 'GRAPHIC', 'VARGRAPHIC', 'BINARY', 'VARBINARY', 'CLOB', 'BLOB', 'DBCLOB') THEN c.LENGTH END AS "length",
    CASE WHEN c.TYPENAME = 'DECIMAL' THEN c.LENGTH WHEN c.TYPENAME = 'TIMESTAMP' THEN c.SCALE END AS "precision",
    CASE WHEN c.TYPENAME = 'DECIMAL' THEN c.SCALE END AS "scale",
    CASE c.NULLS WHEN 'Y' THEN 1 ELSE 0 END AS "nullable",
    COALESCE(c.DEFAULT, c.TEXT) AS "default",
    CASE WHEN c.GENERATED IN ('A', 'D') THEN 1 ELSE 0 END AS "generated",
    CASE WHEN c.TYPENAME IN ('CLOB', 'BLOB', 'DBCLOB', 'LONG VARCHAR', 'LONG VARGRAPHIC', 'XML', 'ST_GEOMETRY') THEN 1 ELSE 0 END AS "lob",
    c.REMARKS AS "comment"
FROM SYSCAT.COLUMNS AS c
WHERE c.TABSCHEMA = :schema
    AND c.TABNAME = :object
ORDER BY c.TABNAME, c.COLNO
