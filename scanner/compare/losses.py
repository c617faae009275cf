"""Which removals are proven: what is gone was not seen, and what held it was listed to its end, or is gone itself."""

from __future__ import annotations

from scanner.catalog import Pair
from scanner.model import SEVERAL


def weigh(pair: Pair) -> None:
    """Turn every removal that is not proven into one that cannot be compared."""
    if not pair.rows("""SELECT 1 FROM change WHERE "group" = 'removed' LIMIT 1"""):
        return
    pair.execute(
        """CREATE TEMP TABLE untold AS SELECT source, path, min(reason) AS reason FROM new.fault
        WHERE op IN ('stat', 'skip') AND reason <> 'VANISHED' GROUP BY source, path"""
    )
    _climb(pair)
    _tell(pair)
    pair.execute(
        """UPDATE change SET proof = v.proof, "group" = CASE WHEN v.proven THEN 'removed' ELSE 'not_comparable' END
        FROM verdict v WHERE change."group" = 'removed' AND v.source = change.source AND v.parent = change.parent"""
    )
    pair.execute(
        """UPDATE change SET proof = 'it was listed, but not told of: ' || u.reason, "group" = 'not_comparable'
        FROM untold u
        WHERE change."group" = 'removed' AND u.source = change.source AND u.path = change.parent || change.name"""
    )


def _climb(pair: Pair) -> None:
    """``above``: for each folder that lost something, itself and each folder above it with its depth, '' being 0."""
    pair.execute(
        """CREATE TEMP TABLE above AS SELECT source, parent, depth,
            CASE WHEN depth = 0 THEN '' ELSE array_to_string(steps[1:depth], '/') || '/' END AS folder
        FROM (SELECT source, parent, steps, unnest(range(0, len(steps))) AS depth
            FROM (SELECT source, parent, string_split(parent, '/') AS steps
                FROM (SELECT DISTINCT source, parent FROM change WHERE "group" = 'removed')))"""
    )


def _tell(pair: Pair) -> None:
    """``verdict``: what the nearest folder above that the newer run tells anything of, tells of each loss."""
    pair.execute(
        f"""CREATE TEMP TABLE verdict AS
        WITH folder AS (SELECT DISTINCT source, folder FROM above),
        unfinished AS (
            SELECT source, CASE WHEN starts_with(after, '{SEVERAL}')
                THEN "key" || unnest(string_split(substr(after, {len(SEVERAL) + 1}), '/')) || '/' ELSE "key" END AS path
            FROM new.unit WHERE state <> 'done'),
        told AS (
            SELECT s.source, s.path AS folder, bool_and(s.complete) AS complete FROM (
                SELECT source, path, complete FROM new.listing
                UNION ALL SELECT source, path, false FROM new.fault WHERE op = 'list'
                UNION ALL SELECT source, path, false FROM unfinished) s
            SEMI JOIN folder f ON f.source = s.source AND f.folder = s.path GROUP BY ALL),
        there AS (
            SELECT source, folder FROM folder JOIN
                (SELECT source, parent || name || '/' AS folder FROM new.entry
                UNION ALL SELECT source, path || '/' FROM untold) USING (source, folder)),
        known AS (
            SELECT source, folder, complete, CASE WHEN complete THEN ' was listed to its end'
                ELSE ' was not listed to its end' END AS how FROM told
            UNION ALL SELECT source, folder, false, ' was not listed' FROM there
                ANTI JOIN told USING (source, folder)),
        nearest AS (
            SELECT a.source, a.parent, arg_max(k.complete, a.depth) AS proven, arg_max(k.how, a.depth) AS how,
                arg_max(a.folder, a.depth) AS folder
            FROM above a JOIN (SELECT DISTINCT * FROM known) k USING (source, folder) GROUP BY ALL)
        SELECT a.source, a.parent, coalesce(n.proven, false) AS proven, CASE WHEN n.proven IS NULL
            THEN 'nothing above it was listed' ELSE coalesce(nullif(n.folder, ''), 'the top') || n.how END AS proof
        FROM (SELECT DISTINCT source, parent FROM above) a LEFT JOIN nearest n USING (source, parent)"""
    )
