-- Triggers: what they fire on (D), then what they do (A), in pieces of 256.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systriggers
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systrigbody
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT
    g.trigname AS path,
    'trigger' AS kind,
    'informix' AS dialect,
    'sql' AS language,
    t.tabname AS on_path,
    b.data AS definition,
    b.seqno AS place
FROM systriggers g
JOIN systables t ON t.tabid = g.tabid
LEFT JOIN systrigbody b ON b.trigid = g.trigid AND b.datakey IN ('D', 'A')
WHERE t.owner = :schema
ORDER BY t.tabname, g.trigname, b.datakey DESC, b.seqno
