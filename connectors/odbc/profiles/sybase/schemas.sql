-- Owners of objects: a schema has no other being here.
-- Reference Manual: Tables, sysusers
-- Reference Manual: Tables, sysobjects
SELECT u.name AS "name", 'schema' AS "kind", u.name AS "owner"
FROM sysusers AS u
WHERE EXISTS (SELECT 1 AS held FROM sysobjects AS o WHERE o.uid = u.uid AND o.type IN ('U', 'V', 'P', 'SF', 'F', 'TR'))
ORDER BY u.name
