-- How tables are divided.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, PartitioningConstraintsV
SELECT
    p.TableName AS "path",
    'partition_key' AS "name",
    p.ConstraintText AS "value"
FROM DBC.PartitioningConstraintsV AS p
WHERE p.DatabaseName = :database
