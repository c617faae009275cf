-- Primary and unique keys, one row for each of their columns.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattabconst
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatkeycoluse
SELECT
    k.TABNAME AS "path",
    k.CONSTNAME AS "name",
    CASE k.TYPE WHEN 'P' THEN 'primary' ELSE 'unique' END AS "kind",
    c.COLNAME AS "columns"
FROM SYSCAT.TABCONST AS k
JOIN SYSCAT.KEYCOLUSE AS c ON c.TABSCHEMA = k.TABSCHEMA AND c.TABNAME = k.TABNAME AND c.CONSTNAME = k.CONSTNAME
WHERE k.TABSCHEMA = :schema AND k.TYPE IN ('P', 'U')
ORDER BY k.TABNAME, k.CONSTNAME, c.COLSEQ
