-- Indexes that stand behind no key, one row for each of their columns.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatindexes
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatindexcoluse
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatconstdep
SELECT
    i.TABNAME AS "path",
    i.INDNAME AS "name",
    CASE i.UNIQUERULE WHEN 'U' THEN 'unique' ELSE 'index' END AS "kind",
    c.COLNAME AS "columns"
FROM SYSCAT.INDEXES AS i
JOIN SYSCAT.INDEXCOLUSE AS c ON c.INDSCHEMA = i.INDSCHEMA AND c.INDNAME = i.INDNAME
LEFT JOIN SYSCAT.CONSTDEP AS d ON d.BTYPE = 'I' AND d.BSCHEMA = i.INDSCHEMA AND d.BNAME = i.INDNAME AND d.TABSCHEMA = i.TABSCHEMA AND d.TABNAME = i.TABNAME
WHERE i.TABSCHEMA = :schema AND i.UNIQUERULE <> 'P' AND d.CONSTNAME IS NULL AND i.INDEXTYPE IN ('CLUS', 'REG ', 'REG')
    AND i.TABNAME = :object
ORDER BY i.TABNAME, i.INDNAME, c.COLSEQ
