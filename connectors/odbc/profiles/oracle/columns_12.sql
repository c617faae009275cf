-- Columns of tables and views, with those that count by themselves; Oracle 12 and later.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_TAB_COLS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_COL_COMMENTS.html
SELECT
    c.table_name AS "path",
    c.column_name AS "name",
    c.column_id AS "position",
    CASE
        WHEN c.data_type IN ('CHAR', 'VARCHAR2', 'NCHAR', 'NVARCHAR2')
            THEN c.data_type || '(' || c.char_length || CASE c.char_used WHEN 'C' THEN ' CHAR' END || ')'
        WHEN c.data_type = 'RAW' THEN 'RAW(' || c.data_length || ')'
        WHEN c.data_type = 'NUMBER' AND c.data_precision IS NOT NULL THEN 'NUMBER(' || c.data_precision || ',' || c.data_scale || ')'
        WHEN c.data_type = 'NUMBER' AND c.data_scale IS NOT NULL THEN 'NUMBER(*,' || c.data_scale || ')'
        WHEN c.data_type = 'FLOAT' THEN 'FLOAT(' || c.data_precision || ')'
        WHEN c.data_type_owner IS NOT NULL THEN c.data_type_owner || '.' || c.data_type
        ELSE c.data_type
    END AS "type",
    CASE WHEN c.data_type IN ('CHAR', 'VARCHAR2', 'NCHAR', 'NVARCHAR2') THEN c.char_length WHEN c.data_type = 'RAW' THEN c.data_length END AS "length",
    CASE WHEN c.data_type IN ('NUMBER', 'FLOAT') THEN c.data_precision WHEN c.data_type LIKE 'TIMESTAMP%' THEN c.data_scale END AS "precision",
    CASE WHEN c.data_type = 'NUMBER' THEN c.data_scale END AS "scale",
    CASE c.nullable WHEN 'Y' THEN 1 ELSE 0 END AS "nullable",
    c.data_default AS "default",
    CASE WHEN c.virtual_column = 'YES' OR c.identity_column = 'YES' THEN 1 ELSE 0 END AS "generated",
    CASE WHEN c.data_type IN ('CLOB', 'NCLOB', 'BLOB', 'BFILE', 'LONG', 'LONG RAW', 'XMLTYPE', 'SDO_GEOMETRY', 'JSON') THEN 1 ELSE 0 END AS "lob",
    e.comments AS "comment"
FROM all_tab_cols c
LEFT JOIN all_col_comments e ON e.owner = c.owner AND e.table_name = c.table_name AND e.column_name = c.column_name
WHERE c.owner = :schema AND c.hidden_column = 'NO' AND c.table_name NOT LIKE 'BIN$%'
    AND c.table_name = :object
ORDER BY c.table_name, c.column_id
