-- What a database says of itself.
SELECT '' AS path, 'encoding' AS name, s.default_character_set_name AS value
FROM information_schema.schemata AS s
WHERE s.schema_name = :database
UNION ALL
SELECT '' AS path, 'collation' AS name, s.default_collation_name AS value
FROM information_schema.schemata AS s
WHERE s.schema_name = :database
