-- Procedures and functions, in pieces of 256; names may be shared, so each has its number.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysprocedures
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysprocbody
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysroutinelangs
SELECT
    p.procname || '#' || p.procid AS path,
    CASE p.isproc WHEN 't' THEN 'procedure' ELSE 'function' END AS kind,
    'informix' AS dialect,
    LOWER(l.langname) AS language,
    COALESCE(b.data, p.externalname) AS definition,
    b.seqno AS place
FROM sysprocedures p
LEFT JOIN sysprocbody b ON b.procid = p.procid AND b.datakey = 'T'
LEFT JOIN sysroutinelangs l ON l.langid = p.langid
WHERE p.owner = :schema AND p.mode IN ('O', 'D', 'R')
ORDER BY p.procname, p.procid, b.seqno
