-- What the database says of itself: the language it is kept and sorted in.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT '' AS path, 'collation' AS name, t.site AS value
FROM systables t
WHERE t.tabid = 90
UNION ALL
SELECT '' AS path, 'locale' AS name, t.site AS value
FROM systables t
WHERE t.tabid = 91
