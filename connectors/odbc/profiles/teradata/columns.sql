-- Columns of tables; those of views have no type in the dictionary, as it is found out when they are used. Lengths are bytes: of
-- Unicode (2) a character is two.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, ColumnsV
SELECT
    c.TableName AS "path",
    c.ColumnName AS "name",
    ROW_NUMBER() OVER (PARTITION BY c.TableName ORDER BY c.ColumnId) AS "position",
    CASE
        WHEN TRIM(c.ColumnType) IN ('CF', 'CV')
            THEN CASE TRIM(c.ColumnType) WHEN 'CF' THEN 'CHAR(' ELSE 'VARCHAR(' END || TRIM(CASE c.CharType WHEN 2 THEN c.ColumnLength / 2 ELSE c.ColumnLength END) || ')'
        WHEN TRIM(c.ColumnType) IN ('BF', 'BV') THEN CASE TRIM(c.ColumnType) WHEN 'BF' THEN 'BYTE(' ELSE 'VARBYTE(' END || TRIM(c.ColumnLength) || ')'
        WHEN TRIM(c.ColumnType) = 'D' THEN 'DECIMAL(' || TRIM(c.DecimalTotalDigits) || ',' || TRIM(c.DecimalFractionalDigits) || ')'
        WHEN TRIM(c.ColumnType) = 'N' THEN 'NUMBER'
        WHEN TRIM(c.ColumnType) IN ('AT', 'TZ') THEN CASE TRIM(c.ColumnType) WHEN 'AT' THEN 'TIME(' ELSE 'TIME WITH TIME ZONE(' END || TRIM(c.DecimalFractionalDigits) || ')'
        WHEN TRIM(c.ColumnType) IN ('TS', 'SZ') THEN CASE TRIM(c.ColumnType) WHEN 'TS' THEN 'TIMESTAMP(' ELSE 'TIMESTAMP WITH TIME ZONE(' END || TRIM(c.DecimalFractionalDigits) || ')'
        WHEN TRIM(c.ColumnType) = 'UT' THEN c.ColumnUDTName
        ELSE CASE TRIM(c.ColumnType) WHEN 'I1' THEN 'BYTEINT' WHEN 'I2' THEN 'SMALLINT' WHEN 'I' THEN 'INTEGER' WHEN 'I8' THEN 'BIGINT' WHEN 'F' THEN 'FLOAT' WHEN 'DA' THEN 'DATE' WHEN 'BO' THEN 'BLOB' WHEN 'CO' THEN 'CLOB' WHEN 'JN' THEN 'JSON' WHEN 'XM' THEN 'XML' WHEN 'DT' THEN 'DATASET' ELSE TRIM(c.ColumnType) END
    END AS "type",
    CASE
        WHEN TRIM(c.ColumnType) IN ('CF', 'CV') AND c.CharType = 2 THEN c.ColumnLength / 2
        WHEN TRIM(c.ColumnType) IN ('CF', 'CV', 'BF', 'BV') THEN c.ColumnLength
    END AS "length",
    CASE WHEN TRIM(c.ColumnType) = 'D' THEN c.DecimalTotalDigits WHEN TRIM(c.ColumnType) IN ('AT', 'TZ', 'TS', 'SZ') THEN c.DecimalFractionalDigits END AS "precision",
    CASE WHEN TRIM(c.ColumnType) = 'D' THEN c.DecimalFractionalDigits END AS "scale",
    CASE c.Nullable WHEN 'N' THEN 0 WHEN 'Y' THEN 1 END AS "nullable",
    c.DefaultValue AS "default",
    CASE WHEN c.IdColType IS NOT NULL THEN 1 ELSE 0 END AS "generated",
    CASE WHEN TRIM(c.ColumnType) IN ('BO', 'CO', 'JN', 'XM', 'DT') OR c.ColumnUDTName = 'ST_GEOMETRY' THEN 1 ELSE 0 END AS "lob",
    c.CommentString AS "comment"
FROM DBC.ColumnsV AS c
JOIN DBC.TablesV AS t ON t.DatabaseName = c.DatabaseName AND t.TableName = c.TableName
WHERE c.DatabaseName = :database AND t.TableKind IN ('T', 'O', 'V', 'Q')
    AND c.TableName = :object
ORDER BY c.TableName, c.ColumnId
