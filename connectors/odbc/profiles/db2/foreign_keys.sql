-- Foreign keys, one row for each of their columns.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatreferences
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatkeycoluse
SELECT
    r.TABNAME AS "path",
    r.CONSTNAME AS "name",
    'foreign' AS "kind",
    c.COLNAME AS "columns",
    r.REFTABNAME AS "ref_path",
    r.REFTABSCHEMA AS "ref_schema",
    d.COLNAME AS "ref_columns",
    CASE r.DELETERULE WHEN 'A' THEN 'NO ACTION' WHEN 'C' THEN 'CASCADE' WHEN 'N' THEN 'SET NULL' WHEN 'R' THEN 'RESTRICT' END AS "on_delete",
    CASE r.UPDATERULE WHEN 'A' THEN 'NO ACTION' WHEN 'C' THEN 'CASCADE' WHEN 'N' THEN 'SET NULL' WHEN 'R' THEN 'RESTRICT' END AS "on_update"
FROM SYSCAT.REFERENCES AS r
JOIN SYSCAT.KEYCOLUSE AS c ON c.TABSCHEMA = r.TABSCHEMA AND c.TABNAME = r.TABNAME AND c.CONSTNAME = r.CONSTNAME
LEFT JOIN SYSCAT.KEYCOLUSE AS d
    ON d.TABSCHEMA = r.REFTABSCHEMA AND d.TABNAME = r.REFTABNAME AND d.CONSTNAME = r.REFKEYNAME AND d.COLSEQ = c.COLSEQ
WHERE r.TABSCHEMA = :schema
ORDER BY r.TABNAME, r.CONSTNAME, c.COLSEQ
