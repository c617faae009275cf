-- What the file, and the library that reads it, say of themselves.
SELECT '' AS path, 'library_version' AS name, sqlite_version() AS value
UNION ALL
SELECT '' AS path, 'encoding' AS name, e.encoding AS value FROM pragma_encoding AS e
UNION ALL
SELECT '' AS path, 'page_size' AS name, CAST(p.page_size AS TEXT) AS value FROM pragma_page_size AS p
UNION ALL
SELECT '' AS path, 'user_version' AS name, CAST(u.user_version AS TEXT) AS value FROM pragma_user_version AS u
UNION ALL
SELECT '' AS path, 'journal_mode' AS name, j.journal_mode AS value FROM pragma_journal_mode AS j
