-- What the server says of itself.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, DBCInfoV
SELECT
    '' AS "path",
    CASE i.InfoKey WHEN 'VERSION' THEN 'server_version' WHEN 'RELEASE' THEN 'server_release' ELSE LOWER(OREPLACE(i.InfoKey, ' ', '_')) END AS "name",
    i.InfoData AS "value"
FROM DBC.DBCInfoV AS i
