-- What the file, and the library that reads it, say of themselves.
SELECT '' AS path, 'library_version' AS name, sqlite_version() AS value
UNION ALL
SELECT '' AS path, 'encoding' AS name, e.encoding AS value FROM pragma_encoding AS e
UNION ALL
SELECT '' AS path, 'page_size' AS name, CAST(p.page_size AS TEXT) AS value FROM pragma_page_size AS p
UNION ALL
SELECT '' AS path, 'user_version' AS name, CAST(u.user_version AS TEXT) AS value FROM pragma_user_version AS u
UNION ALL
SELECT '' AS path, 'application_id' AS name, CAST(a.application_id AS TEXT) AS value FROM pragma_application_id AS a
UNION ALL
SELECT '' AS path, 'auto_vacuum' AS name, CAST(v.auto_vacuum AS TEXT) AS value FROM pragma_auto_vacuum AS v
UNION ALL
SELECT '' AS path, 'journal_mode' AS name, j.journal_mode AS value FROM pragma_journal_mode AS j
UNION ALL
SELECT '' AS path, 'database_bytes' AS name, CAST(n.page_count * p.page_size AS TEXT) AS value
FROM pragma_page_count AS n
JOIN pragma_page_size AS p
UNION ALL
SELECT '' AS path, 'free_bytes' AS name, CAST(f.freelist_count * p.page_size AS TEXT) AS value
FROM pragma_freelist_count AS f
JOIN pragma_page_size AS p
