-- How each account logs in, never with what: plugin, and whether a password is set at all.
SELECT
    '' AS path,
    CONCAT('account.', g.user, '@', g.host) AS name,
    CASE
        WHEN JSON_VALUE(g.priv, '$.is_role') THEN 'role'
        ELSE CONCAT(
            COALESCE(JSON_VALUE(g.priv, '$.plugin'), 'mysql_native_password'),
            CASE
                WHEN COALESCE(JSON_VALUE(g.priv, '$.authentication_string'), '') = ''
                    AND COALESCE(JSON_VALUE(g.priv, '$.plugin'), 'mysql_native_password') IN ('mysql_native_password', 'mysql_old_password', 'ed25519')
                    THEN ', no password'
                ELSE ''
            END,
            CASE WHEN JSON_VALUE(g.priv, '$.account_locked') THEN ', locked' ELSE '' END,
            CASE WHEN JSON_VALUE(g.priv, '$.ssl_type') > 0 THEN ', TLS required' ELSE '' END
        )
    END AS value
FROM mysql.global_priv AS g
