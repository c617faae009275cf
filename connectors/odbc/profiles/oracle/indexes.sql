-- Indexes that stand behind no key, one row for each of their columns. What is written as LONG cannot stand in a condition, so an
-- expression shows that it is one and no more.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_INDEXES.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_IND_COLUMNS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_IND_EXPRESSIONS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_CONSTRAINTS.html
SELECT
    i.table_name AS "path",
    i.index_name AS "name",
    CASE i.uniqueness WHEN 'UNIQUE' THEN 'unique' ELSE 'index' END AS "kind",
    CASE WHEN e.column_position IS NOT NULL THEN '(expression)' ELSE c.column_name END AS "columns"
FROM all_indexes i
JOIN all_ind_columns c ON c.index_owner = i.owner AND c.index_name = i.index_name
LEFT JOIN all_ind_expressions e ON e.index_owner = c.index_owner AND e.index_name = c.index_name AND e.column_position = c.column_position
LEFT JOIN all_constraints k
    ON k.owner = i.table_owner AND k.table_name = i.table_name AND k.index_name = i.index_name AND k.constraint_type IN ('P', 'U')
WHERE i.table_owner = :schema AND i.index_type <> 'LOB' AND k.constraint_name IS NULL AND i.table_name NOT LIKE 'BIN$%'
    AND i.table_name = :object
ORDER BY i.table_name, i.index_name, c.column_position
