-- Primary, unique and foreign keys, one row for each of their columns. There is no action on update.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_CONSTRAINTS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_CONS_COLUMNS.html
SELECT
    k.table_name AS "path",
    k.constraint_name AS "name",
    CASE k.constraint_type WHEN 'P' THEN 'primary' WHEN 'U' THEN 'unique' ELSE 'foreign' END AS "kind",
    c.column_name AS "columns",
    r.table_name AS "ref_path",
    r.owner AS "ref_schema",
    d.column_name AS "ref_columns",
    k.delete_rule AS "on_delete",
    CASE k.constraint_type WHEN 'R' THEN 'NO ACTION' END AS "on_update"
FROM all_constraints k
JOIN all_cons_columns c ON c.owner = k.owner AND c.constraint_name = k.constraint_name
LEFT JOIN all_constraints r ON r.owner = k.r_owner AND r.constraint_name = k.r_constraint_name
LEFT JOIN all_cons_columns d ON d.owner = r.owner AND d.constraint_name = r.constraint_name AND d.position = c.position
WHERE k.owner = :schema AND k.constraint_type IN ('P', 'U', 'R') AND k.table_name NOT LIKE 'BIN$%'
ORDER BY k.table_name, k.constraint_name, c.position
