"""The same file in several stores, over any number of entries: one query finds groups, a second names their members.

Equal content proves it: the hash of a file that was read whole, or the entity tag of an object that was put in one
piece. Where neither is at hand, the same name, length and time of change are taken for it, and said to be no proof.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from scanner.graph.facts import Reader
from scanner.results import Copies, EdgeConfidence

LEAST = 4096
"""Bytes of the smallest file that is looked at: small ones are alike by chance, or not worth a line."""
GROUPS = 200
"""Groups that are told: those of which the copies take the most room."""
MEMBERS = 20
"""Members of a group that are named; all are counted."""
_EPOCH = 631_152_000_000_000
"""1990 in microseconds: times before are what archives write that keep none."""
_SNAPSHOTS = (".snapshot/", "~snapshot/", ".snapshots/", ".zfs/snapshot/", "@GMT-", "System Volume Information/")
"""Folders in which a store shows its own past: what lies there is no copy that anybody keeps."""
_ONE_PIECE = "^[0-9a-f]{32}$"
"""Tags of objects put in one piece; those of several end in a dash and how many."""
_PROOFS: dict[str, tuple[str, EdgeConfidence]] = {
    "hash": ("equal length and content hash", "parsed"),
    "tag": ("equal length and entity tag", "declared"),
    "name": ("equal name, length and time of change; the content was not compared", "inferred"),
}

_CANDIDATES = f"""
    candidate AS (
        SELECT e.source, e.store, e.path, e.name, e.size, e.modified, h.value AS content,
            CASE WHEN regexp_matches(e.etag, '{_ONE_PIECE}') THEN e.etag END AS tag
        FROM entry e LEFT JOIN (SELECT source, path, any_value(value) AS value FROM setting
            WHERE name = 'content_hash' GROUP BY ALL) h ON h.source = e.source AND h.path = e.path
        WHERE e.kind IN ('file', 'object') AND e.size >= {LEAST}
            AND NOT ({" OR ".join(f"contains(e.parent, '{folder}')" for folder in _SNAPSHOTS)})),
    marked AS (
        SELECT *, 'hash' AS how, hash(size, content) AS mark FROM candidate WHERE content IS NOT NULL
        UNION ALL SELECT *, 'tag', hash(size, tag) FROM candidate WHERE tag IS NOT NULL
        UNION ALL SELECT *, 'name', hash(size, lower(name), modified // 1000000) FROM candidate
            WHERE modified >= {_EPOCH})"""
_GROUPS = f"""
    WITH {_CANDIDATES}
    SELECT how, mark, count(*) AS files FROM marked GROUP BY how, mark
    HAVING count(*) > 1 AND min(hash(store)) <> max(hash(store)) AND (how <> 'name' OR (
        coalesce(min(hash(content)) = max(hash(content)), true) AND coalesce(min(hash(tag)) = max(hash(tag)), true)))
    ORDER BY max(size) * (count(*) - 1) DESC, how, mark LIMIT {GROUPS}"""
_MEMBERS = f"""
    WITH {_CANDIDATES},
    wanted AS (SELECT unnest(?) AS how, unnest(?::UBIGINT[]) AS mark),
    ranked AS (
        SELECT m.*, row_number() OVER own AS within, row_number() OVER whole AS place FROM marked m
        SEMI JOIN wanted w ON w.how = m.how AND w.mark = m.mark
        WINDOW own AS (PARTITION BY m.how, m.mark, store ORDER BY source, path),
            whole AS (PARTITION BY m.how, m.mark ORDER BY source, path))
    SELECT how, mark, store, path, name, size FROM ranked WHERE within = 1 OR place <= {MEMBERS}
    ORDER BY how, mark, within, source, path"""


def files(reader: Reader) -> list[Copies]:
    """Files that lie in several stores: the groups whose copies take the most room, each told once."""
    groups = {(how, mark): count for how, mark, count in reader.rows(_GROUPS)}
    if not groups:
        return []
    members: dict[tuple[str, int], list[tuple[Any, ...]]] = defaultdict(list)
    for how, mark, *rest in reader.rows(_MEMBERS, [[how for how, _ in groups], [mark for _, mark in groups]]):
        members[how, mark].append(tuple(rest))
    found: list[Copies] = []
    told: set[tuple[str, str]] = set()
    for how, (proof, confidence) in _PROOFS.items():
        for key in (key for key in groups if key[0] == how):
            places = [(store, path) for store, path, _, _ in members[key]]
            if len({store for store, _ in places}) > 1 and not told.issuperset(places):
                told.update(places)
                title, size = members[key][0][2:]
                found.append(Copies("file", title, tuple(places[:MEMBERS]), groups[key], size, proof, confidence))
    return found
