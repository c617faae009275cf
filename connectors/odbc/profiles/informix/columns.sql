-- Columns of tables and views. The low byte of the type is the type, 256 says that NULL is not allowed; a length holds two
-- numbers for decimals (digits and places, 255 for none) and for text of varying length (the most, and the reserved). Types 40
-- and 41 are the server's extended ones.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-syscolumns
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysdefaults
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysxtdtypes
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT
    t.tabname AS path,
    c.colname AS name,
    c.colno AS position,
    CASE
        WHEN MOD(c.coltype, 256) IN (0, 15) THEN CASE MOD(c.coltype, 256) WHEN 0 THEN 'CHAR(' ELSE 'NCHAR(' END || c.collength || ')'
        WHEN MOD(c.coltype, 256) IN (13, 16) THEN CASE MOD(c.coltype, 256) WHEN 13 THEN 'VARCHAR(' ELSE 'NVARCHAR(' END || MOD(c.collength + 65536, 256) || ')'
        WHEN MOD(c.coltype, 256) = 43 THEN 'LVARCHAR(' || c.collength || ')'
        WHEN MOD(c.coltype, 256) IN (5, 8) AND MOD(c.collength, 256) = 255 THEN CASE MOD(c.coltype, 256) WHEN 5 THEN 'DECIMAL(' ELSE 'MONEY(' END || TRUNC(c.collength / 256) || ')'
        WHEN MOD(c.coltype, 256) IN (5, 8) THEN CASE MOD(c.coltype, 256) WHEN 5 THEN 'DECIMAL(' ELSE 'MONEY(' END || TRUNC(c.collength / 256) || ',' || MOD(c.collength, 256) || ')'
        WHEN MOD(c.coltype, 256) IN (40, 41) THEN UPPER(x.name)
        ELSE CASE MOD(c.coltype, 256) WHEN 1 THEN 'SMALLINT' WHEN 2 THEN 'INTEGER' WHEN 3 THEN 'FLOAT' WHEN 4 THEN 'SMALLFLOAT' WHEN 6 THEN 'SERIAL' WHEN 7 THEN 'DATE' WHEN 9 THEN 'NULL' WHEN 10 THEN 'DATETIME' WHEN 11 THEN 'BYTE' WHEN 12 THEN 'TEXT' WHEN 14 THEN 'INTERVAL' WHEN 17 THEN 'INT8' WHEN 18 THEN 'SERIAL8' WHEN 19 THEN 'SET' WHEN 20 THEN 'MULTISET' WHEN 21 THEN 'LIST' WHEN 22 THEN 'ROW' WHEN 23 THEN 'COLLECTION' WHEN 45 THEN 'BOOLEAN' WHEN 52 THEN 'BIGINT' WHEN 53 THEN 'BIGSERIAL' ELSE 'type ' || MOD(c.coltype, 256) END
    END AS type,
    CASE WHEN MOD(c.coltype, 256) IN (0, 15, 43) THEN c.collength WHEN MOD(c.coltype, 256) IN (13, 16) THEN MOD(c.collength + 65536, 256) END AS length,
    CASE WHEN MOD(c.coltype, 256) IN (5, 8) THEN TRUNC(c.collength / 256) END AS precision,
    CASE WHEN MOD(c.coltype, 256) IN (5, 8) AND MOD(c.collength, 256) <> 255 THEN MOD(c.collength, 256) END AS scale,
    CASE WHEN MOD(TRUNC(c.coltype / 256), 2) = 1 THEN 0 ELSE 1 END AS nullable,
    CASE d.type WHEN 'U' THEN 'USER' WHEN 'C' THEN 'CURRENT' WHEN 'T' THEN 'TODAY' WHEN 'S' THEN 'DBSERVERNAME' WHEN 'N' THEN NULL ELSE d.default END AS default,
    CASE WHEN MOD(c.coltype, 256) IN (6, 18, 53) THEN 1 ELSE 0 END AS generated,
    CASE WHEN MOD(c.coltype, 256) IN (11, 12) OR x.name IN ('blob', 'clob', 'json', 'bson', 'st_geometry', 'st_point', 'st_polygon') THEN 1 ELSE 0 END AS lob
FROM syscolumns c
JOIN systables t ON t.tabid = c.tabid
LEFT JOIN sysdefaults d ON d.tabid = c.tabid AND d.colno = c.colno
LEFT JOIN sysxtdtypes x ON x.extended_id = c.extended_id AND c.extended_id > 0
WHERE t.tabid >= 100 AND t.tabtype IN ('T', 'V', 'E') AND t.owner = :schema
    AND t.tabname = :object
ORDER BY t.tabname, c.colno
