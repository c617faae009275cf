-- The rules by which logins are admitted, without their options: those may hold a password.
SELECT
    '' AS path,
    'hba_line_' || LPAD(CAST(h.line_number AS text), 4, '0') AS name,
    COALESCE(
        'invalid: ' || h.error,
        ARRAY_TO_STRING(
            ARRAY[
                h.type, ARRAY_TO_STRING(h.database, ','), ARRAY_TO_STRING(h.user_name, ','), h.address, h.netmask,
                h.auth_method
            ],
            ' '
        )
    ) AS value
FROM pg_catalog.pg_hba_file_rules AS h
