-- Columns of tables and views; a computed one says by which formula it is made.
-- Reference Manual: Tables, syscolumns
-- Reference Manual: Tables, systypes
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
-- Reference Manual: Tables, syscomments
SELECT
    o.name AS "path",
    c.name AS "name",
    c.colid AS "position",
    t.name + CASE
        WHEN t.name IN ('char', 'varchar', 'binary', 'varbinary') THEN '(' + CONVERT(varchar(10), c.length) + ')'
        WHEN t.name IN ('nchar', 'nvarchar') THEN '(' + CONVERT(varchar(10), c.length / @@ncharsize) + ')'
        WHEN t.name IN ('unichar', 'univarchar') THEN '(' + CONVERT(varchar(10), c.length / 2) + ')'
        WHEN t.name IN ('decimal', 'numeric') THEN '(' + CONVERT(varchar(10), c.prec) + ',' + CONVERT(varchar(10), c.scale) + ')'
        ELSE ''
    END AS "type",
    CASE
        WHEN t.name IN ('char', 'varchar', 'binary', 'varbinary') THEN c.length
        WHEN t.name IN ('nchar', 'nvarchar') THEN c.length / @@ncharsize
        WHEN t.name IN ('unichar', 'univarchar') THEN c.length / 2
    END AS "length",
    CASE WHEN t.name IN ('decimal', 'numeric') THEN c.prec END AS "precision",
    CASE WHEN t.name IN ('decimal', 'numeric') THEN c.scale END AS "scale",
    CASE WHEN c.status & 8 = 8 THEN 1 ELSE 0 END AS "nullable",
    d.text AS "default",
    CASE WHEN c.status & 128 = 128 OR c.computedcol IS NOT NULL THEN 1 ELSE 0 END AS "generated",
    CASE WHEN t.name IN ('text', 'image', 'unitext', 'java') THEN 1 ELSE 0 END AS "lob"
FROM syscolumns AS c
JOIN sysobjects AS o ON o.id = c.id
JOIN sysusers AS u ON u.uid = o.uid
LEFT JOIN systypes AS t ON t.usertype = c.usertype
LEFT JOIN syscomments AS d ON d.id = COALESCE(c.computedcol, c.cdefault) AND d.colid = 1 AND d.colid2 = 0
WHERE u.name = :schema AND o.type IN ('U', 'V')
    AND o.name = :object
ORDER BY o.name, c.colid
