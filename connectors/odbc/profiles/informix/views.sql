-- What views select, in pieces of 64.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysviews
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT
    t.tabname AS path,
    'view' AS kind,
    'informix' AS dialect,
    'sql' AS language,
    v.viewtext AS definition,
    v.seqno AS place
FROM systables t
LEFT JOIN sysviews v ON v.tabid = t.tabid
WHERE t.tabtype = 'V' AND t.tabid >= 100 AND t.owner = :schema
    AND t.tabname = :object
ORDER BY t.tabname, v.seqno
