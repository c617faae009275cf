-- Procedures and functions by their specific names, as names may be shared; outside code says where it lies.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatroutines
SELECT
    r.SPECIFICNAME AS "path",
    CASE r.ROUTINETYPE WHEN 'P' THEN 'procedure' ELSE 'function' END AS "kind",
    'db2' AS "dialect",
    LOWER(r.LANGUAGE) AS "language",
    COALESCE(r.TEXT, CAST(r.IMPLEMENTATION AS CLOB(2M))) AS "definition"
FROM SYSCAT.ROUTINES AS r
WHERE r.ROUTINESCHEMA = :schema AND r.ORIGIN IN ('E', 'Q', 'M', 'F')
