-- Foreign keys, one row for each of their columns; they may lead to another database. There are no actions: what would break a key
-- is refused, or not looked at.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, All_RI_ChildrenV
SELECT
    r.ChildTable AS "path",
    COALESCE(r.IndexName, '') AS "name",
    'foreign' AS "kind",
    r.IndexID AS "number",
    r.ChildKeyColumn AS "columns",
    r.ParentTable AS "ref_path",
    r.ParentDB AS "ref_database",
    r.ParentKeyColumn AS "ref_columns"
FROM DBC.All_RI_ChildrenV AS r
WHERE r.ChildDB = :database
ORDER BY r.ChildTable, r.IndexID, r.ChildKeyColumn
