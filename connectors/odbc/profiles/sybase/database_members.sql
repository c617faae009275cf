-- Groups of the database: each user is in one, and in public.
-- Reference Manual: Tables, sysusers
SELECT
    '' AS "path",
    g.name AS "group",
    u.name AS "member",
    'user' AS "member_kind"
FROM sysusers AS u
JOIN sysusers AS g ON g.uid = u.gid
WHERE u.uid <> u.gid AND u.uid > 0 AND g.gid > 0
