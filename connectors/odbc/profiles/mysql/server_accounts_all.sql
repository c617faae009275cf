-- How each account logs in, never with what: plugin, and whether a password is set at all.
SELECT
    '' AS path,
    CONCAT('account.', u.user, '@', u.host) AS name,
    CONCAT(
        u.plugin,
        CASE
            WHEN u.authentication_string = '' AND u.plugin IN ('mysql_native_password', 'caching_sha2_password', 'sha256_password') THEN ', no password'
            ELSE ''
        END,
        CASE WHEN u.account_locked = 'Y' THEN ', locked' ELSE '' END,
        CASE WHEN u.ssl_type <> '' THEN ', TLS required' ELSE '' END
    ) AS value
FROM mysql.user AS u
