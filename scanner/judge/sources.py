"""The facts of each judged view, as SQL over the catalog's views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanner.judge.bind import literal
from scanner.judge.places import UNLISTED, Place
from scanner.judge.reader import Reads

_FOLD = "lower(nfc_normalize({0}))"


@dataclass(frozen=True, slots=True)
class Estate:
    """The stores to be judged in one pass, and what is worth joining.

    ``same`` are hashes under which more than one sibling stands once case and form are ignored, as far as they are few;
    None where no rule asks. ``blind`` and ``mangled`` say whether there are containers not listed to their end, and
    aliases for names.
    """

    reader: Reads
    places: tuple[Place, ...]
    same: tuple[int, ...] | None = None
    blind: bool = True
    mangled: bool = True

    def within(self) -> str:
        """The places as rows of SQL."""
        rows = ", ".join(
            "(" + ", ".join(literal(v) for v in (
                p.store.id, p.class_, p.store.path, len(p.prefix), p.store.complete, p.scanned, p.system,
            )) + ")"
            for p in self.places
        )  # fmt: skip
        return f'(VALUES {rows}) place(id, "class", store_path, skip, complete, scanned, system)'


def estate(reader: Reads, places: Sequence[Place], *, siblings: bool) -> Estate:
    """Look what the entries of some places need to be judged; ``siblings`` where a rule compares names."""
    chosen = Estate(reader, tuple(places))
    same = tuple(h for (h,) in reader.rows(f"{_same_hashes(chosen)} LIMIT {_FEW + 1}")) if siblings else None
    blind = bool(reader.rows(f"SELECT 1 FROM ({_BLIND}) LIMIT 1"))
    mangled = bool(reader.rows("SELECT 1 FROM fault WHERE reason = 'NAME_MANGLED' LIMIT 1"))
    return Estate(reader, tuple(places), same, blind, mangled)


_BLIND = f"""SELECT source, path FROM ({UNLISTED}) UNION SELECT source, path FROM listing WHERE NOT complete
    UNION SELECT source, regexp_replace(path, '[^/]*/?$', '') FROM fault WHERE op = 'stat' AND reason <> 'VANISHED'"""
"""Containers of which not every name is known."""

_HOLDER = "CASE WHEN e.kind = 'object' THEN lower(nfc_normalize(e.parent)) ELSE e.parent END"
"""What siblings share: their folder; of objects, whose prefixes are part of the key, the prefix as a target sees it."""
_FORM_HOLDER = "CASE WHEN e.kind = 'object' THEN nfc_normalize(e.parent) ELSE e.parent END"
"""The same for names that differ in form only: prefixes that differ in case are two."""
_FEW = 5_000
"""As many hashes are written into the query; more are worked out in it again."""


def _same_hashes(chosen: Estate) -> str:
    hashed = f"hash(e.store, {_HOLDER}, {_FOLD.format('e.name')})"
    return f"""SELECT h FROM (SELECT {hashed} AS h FROM entry e JOIN {chosen.within()} ON place.id = e.store)
        GROUP BY h HAVING count(*) > 1"""


def _same_names(chosen: Estate) -> str:
    """Names with siblings that fold or normalise to the same, and how many."""
    few = chosen.same is not None and len(chosen.same) <= _FEW
    hashes = f"SELECT unnest({list(chosen.same or ())}::UBIGINT[])" if few else _same_hashes(chosen)
    return f"""SELECT store, parent, name,
            count(*) OVER (PARTITION BY store, holder, {_FOLD.format("name")}) AS folded,
            count(*) OVER (PARTITION BY store, form_holder, nfc_normalize(name)) AS normalised
        FROM (SELECT e.store, e.parent, e.name, {_HOLDER} AS holder, {_FORM_HOLDER} AS form_holder
            FROM entry e JOIN {chosen.within()} ON place.id = e.store
            WHERE hash(e.store, {_HOLDER}, {_FOLD.format("e.name")}) IN ({hashes}))"""


def entries(chosen: Estate) -> str:
    """Facts of ``entries``."""
    joins = ""
    folded = normalised = "1"
    if chosen.same is None:
        folded = normalised = "NULL::BIGINT"
    elif chosen.same:
        joins += f""" LEFT JOIN ({_same_names(chosen)}) same
            ON same.store = e.store AND same.parent = e.parent AND same.name = e.name"""
        folded, normalised = "coalesce(same.folded, 1)", "coalesce(same.normalised, 1)"
    seen = "(e.kind <> 'object' OR place.complete)"
    if chosen.blind:
        joins += f" LEFT JOIN ({_BLIND}) blind ON blind.source = e.source AND blind.path = e.parent"
        seen += " AND blind.path IS NULL"
    mangled = beneath = "FALSE"
    if chosen.mangled:
        joins += """ LEFT JOIN (SELECT DISTINCT source, path FROM fault WHERE reason = 'NAME_MANGLED') alias
            ON alias.source = e.source AND alias.path = e.parent || e.name"""
        mangled = "alias.path IS NOT NULL"
        beneath = """EXISTS (SELECT 1 FROM fault above WHERE above.reason = 'NAME_MANGLED'
            AND above.source = e.source AND starts_with(e.parent, above.path || '/'))"""
        seen += " AND alias.path IS NULL"
    return f"""SELECT e.store, {_within_store(chosen)} AS parent, e.name,
            nullif(e.kind, 'unknown') AS kind, e.size, e.modified, e.created, e.accessed, e.owner, e.mode,
            CASE WHEN e.attributes IS NULL AND e.mode IS NOT NULL THEN 0 ELSE e.attributes END AS attributes,
            e.links, e.target, e.tier, e.storage_class, e.subtype, {mangled} AS mangled,
            {beneath} AS beneath_alias, {seen} AS siblings_known,
            {folded} AS same_folded_min, {normalised} AS same_normalised_min, place.scanned AS scanned
        FROM entry e JOIN {chosen.within()} ON place.id = e.store{joins}
        WHERE length(e.parent) >= place.skip"""


def _within_store(chosen: Estate) -> str:
    """The parent without the store's own segments; an expression over the parent alone (see ``derive``)."""
    depths = {p.depth for p in chosen.places}
    assert len(depths) == 1, "a pass takes stores of one depth"
    depth = depths.pop()
    return f"regexp_replace(e.parent, '^([^/]*/){{{depth}}}', '')" if depth else "e.parent"


def containers(chosen: Estate) -> str:
    """Facts of ``containers``."""
    return f"""SELECT l.store, substr(l.path, place.skip + 1) AS path, CAST(sum(l.listed) AS BIGINT) AS child_count_min,
            CASE WHEN bool_and(l.complete AND gap.path IS NULL) THEN CAST(sum(l.listed) AS BIGINT) END AS child_count
        FROM listing l JOIN {chosen.within()} ON place.id = l.store
        LEFT JOIN (SELECT DISTINCT source, path FROM ({UNLISTED})) gap ON gap.source = l.source AND gap.path = l.path
        GROUP BY l.store, l.path, place.skip"""


def stores(chosen: Estate) -> str:
    """Facts of ``stores``."""
    rows = []
    rights = {store: told for store, *told in chosen.reader.rows(_RIGHTS)}
    for place in chosen.places:
        store = place.store
        sure = store.complete
        denials, orphans, lists_told = rights.get(store.id, (None, None, False))
        name = store.path.rstrip("/").rpartition("/")[2] or None
        values = (
            store.id, store.path, name, place.class_, store.entries, store.entries if sure else None,
            store.bytes, store.bytes if sure and not store.unknown_sizes else None,
            denials, denials if sure and lists_told else None, orphans, orphans if sure else None,
        )  # fmt: skip
        rows.append("(" + ", ".join(literal(v) for v in values) + ")")
    counts = ("entries_min", "entries", "bytes_min", "bytes", "denials_min", "denials", "orphans_min", "orphans")
    typed = 'store, path, name::VARCHAR AS name, "class", ' + ", ".join(f"{n}::BIGINT AS {n}" for n in counts)
    return f"""SELECT {typed} FROM (VALUES {", ".join(rows)}) t(store, path, name, "class", {", ".join(counts)})"""


_RIGHTS = """SELECT store, count(DISTINCT path) FILTER (WHERE effect = 'deny' AND origin IN ('nt_acl', 'nfs4_acl')
            AND NOT coalesce(inherited, FALSE)),
        count(DISTINCT grantee) FILTER (WHERE grantee_kind = 'unknown' AND condition IS NULL
            AND (starts_with(grantee, '#') OR starts_with(grantee, 'S-1-'))),
        bool_or(origin IN ('mode', 'posix_acl', 'nt_acl', 'nfs4_acl'))
    FROM "grant" GROUP BY store"""
"""What rights a store told come to: paths with a denial, identities nobody has, and whether access lists were told."""


_APART = (
    "views|materialized_views|routines|triggers|grants|server_grants|role_grants|database_grants|routine_grants|settings"
    "|database_settings|table_settings|comments|server_accounts|members|database_members|server_links|links|server_jobs"
    "|jobs|partitions|references"
)
_OTHER_FACTS = {"keys": f"{_APART}|columns", "columns": f"{_APART}|keys|foreign_keys|indexes"}
"""Facts whose refusal says nothing of keys, or of columns: a fault's detail begins with the fact that was refused."""


def _hidden(fact: str) -> str:
    """SQL: whether a fact of ``e``, or of something above it, could not be asked for. What is not told apart counts."""
    return f"""EXISTS (SELECT 1 FROM fault vain WHERE vain.source = e.source AND starts_with(e.path, vain.path)
        AND (vain.op = 'list' OR vain.op = 'query' AND NOT regexp_matches(vain.detail, '^({_OTHER_FACTS[fact]}):')))"""


_NAMED = """CASE WHEN regexp_matches(value, '(?i)postgres') THEN 'postgres'
        WHEN regexp_matches(value, '(?i)mysql|maria') THEN 'mysql'
        WHEN regexp_matches(value, '(?i)sql ?server') THEN 'tsql'
        WHEN regexp_matches(value, '(?i)access|mdbtools') THEN 'access' ELSE lower(value) END"""
_FILES = "SELECT store FROM setting WHERE name = 'database_file'"
_DBMS = f"""SELECT source, min(dbms) AS dbms FROM (
        SELECT source, CASE name WHEN 'dbms_name' THEN {_NAMED} WHEN 'server_version_num' THEN 'postgres'
            WHEN 'version_comment' THEN 'mysql' WHEN 'library_version' THEN 'sqlite' END AS dbms FROM setting
        UNION ALL SELECT store, CASE WHEN starts_with(value, 'SQLite') THEN 'sqlite' ELSE {_NAMED} END
            FROM setting WHERE name = 'database_file'
        UNION ALL SELECT source, dialect FROM routine WHERE dialect IS NOT NULL AND store NOT IN ({_FILES}))
    GROUP BY source"""
"""Dialect of each source or database file, or what its driver calls the system; one that nobody named is unknown."""


def _relations(chosen: Estate) -> str:
    return f"""SELECT e.*, substr(e.path, place.skip + 1) AS own_path, place.scanned AS scanned_at, dbms.dbms,
            {_hidden("keys")} AS keys_hidden, {_hidden("columns")} AS columns_hidden
        FROM entry e JOIN {chosen.within()} ON place.id = e.store LEFT JOIN ({_DBMS}) dbms ON dbms.source = place.system
        WHERE e.kind IN ('table', 'view', 'materialized_view', 'foreign_table')"""


def tables(chosen: Estate) -> str:
    """Facts of ``tables``. A source that shows no key at all may be hiding them: unknown."""
    return f"""WITH keyed AS (
            SELECT source, path, bool_or(kind = 'primary') AS pk, bool_or(kind IN ('unique', 'primary')) AS uk
            FROM key GROUP BY ALL),
        shows AS (SELECT DISTINCT source FROM key),
        wide AS (SELECT source, path, count(*) AS n FROM "column" GROUP BY ALL),
        has_columns AS (SELECT DISTINCT source FROM "column")
        SELECT e.store, e.own_path AS path, e.name, e.kind, e.subtype, e.dbms, e.size, e.rows, e.modified,
            coalesce(w.n, 0) AS column_count_min,
            CASE WHEN NOT e.columns_hidden AND hc.source IS NOT NULL THEN coalesce(w.n, 0) END AS column_count,
            CASE WHEN k.pk THEN TRUE WHEN NOT e.keys_hidden AND s.source IS NOT NULL THEN FALSE END AS has_primary_key,
            CASE WHEN k.uk THEN TRUE WHEN NOT e.keys_hidden AND s.source IS NOT NULL THEN FALSE END AS has_unique_key,
            CASE WHEN e.kind <> 'table' THEN NULL WHEN e.rows IS NOT NULL THEN TRUE
                WHEN NOT e.columns_hidden THEN FALSE END AS has_statistics,
            count(*) OVER (PARTITION BY e.source, e.parent, {_FOLD.format("e.name")}) AS same_folded_min,
            e.scanned_at AS scanned
        FROM ({_relations(chosen)}) e LEFT JOIN keyed k ON k.source = e.source AND k.path = e.path
        LEFT JOIN wide w ON w.source = e.source AND w.path = e.path
        LEFT JOIN shows s ON s.source = e.source LEFT JOIN has_columns hc ON hc.source = e.source"""


def columns(chosen: Estate) -> str:
    """Facts of ``columns``."""
    return f"""SELECT c.store, e.own_path AS path, c.name, e.kind, e.dbms, c.type, c.length, c.precision, c.scale,
            c.nullable,
            CASE WHEN NOT e.columns_hidden THEN coalesce(c."default", '') ELSE c."default" END AS "default", c.lob,
            c.collation
        FROM "column" c JOIN ({_relations(chosen)}) e ON e.source = c.source AND e.path = c.path"""


def keys(chosen: Estate) -> str:
    """Facts of ``keys``."""
    return f"""SELECT k.store, substr(k.path, place.skip + 1) AS path, k.name, k.kind, dbms.dbms, k.columns,
            CASE WHEN k.kind <> 'foreign' THEN FALSE ELSE NOT starts_with(k.ref_path, left(k.path, place.skip)) END
                AS leaves_store
        FROM key k JOIN {chosen.within()} ON place.id = k.store
        LEFT JOIN ({_DBMS}) dbms ON dbms.source = place.system"""


_QUOTES = r"""'(^|[^a-z0-9_$])[`"\[]?'""", r"""'[`"\]]?\s*\.'"""


def routines(chosen: Estate) -> str:
    """Facts of ``routines``. PostgreSQL and SQLite cannot name another database in a statement."""
    named = f"regexp_matches(lower(r.definition), {_QUOTES[0]} || regexp_escape(lower(d.name)) || {_QUOTES[1]})"
    # A pattern that differs from row to row is compiled for each: a plain search goes first.
    named = f"CASE WHEN contains(lower(r.definition), lower(d.name)) THEN {named} ELSE FALSE END"
    other = f"""(SELECT coalesce(bool_or({named}), FALSE) FROM entry d
        WHERE d.kind = 'database' AND d.source = r.source AND d.path <> place.store_path)"""
    name = r"regexp_extract(r.path, '([^/(]*)(\([^/]*)?$', 1)"  # without the arguments that tell functions apart
    return f"""SELECT r.store, substr(r.path, place.skip + 1) AS path, {name} AS name, r.kind,
            coalesce(r.dialect, dbms.dbms) AS dialect, lower(r.language) AS language, r.definition,
            r.definition IS NOT NULL AS text_shown,
            CASE WHEN r.definition IS NULL THEN NULL
                WHEN coalesce(r.dialect, dbms.dbms) IN ('postgres', 'sqlite') THEN FALSE ELSE {other} END
                AS names_other_database
        FROM routine r JOIN {chosen.within()} ON place.id = r.store
        LEFT JOIN ({_DBMS}) dbms ON dbms.source = place.system"""


def _setting(*names: str) -> str:
    """A setting under whichever of its names the source gives it; that of the database before that of the server."""
    listed = ", ".join(literal(n) for n in names)
    return f"""(SELECT arg_max(s.value, length(s.path)) FROM setting s WHERE s.source = place.source
        AND s.name IN ({listed}) AND (s.path = '' OR rtrim(s.path, '/') = place.store_path))"""


def databases(chosen: Estate) -> str:
    """Facts of ``databases``."""
    sources = ", ".join(f"({literal(p.store.id)}, {literal(p.store.source)})" for p in chosen.places)
    version = _setting("server_version", "version")
    part = "CAST(nullif(regexp_extract(version, '(\\d+)(?:\\.(\\d+))?', {0}), '') AS BIGINT)"
    number = f"100 * {part.format(1)} + coalesce({part.format(2)}, 0)"
    bytes_by_id = ", ".join(
        "(" + ", ".join(literal(v) for v in (
            p.store.id, p.store.bytes, p.store.bytes if p.store.complete and not p.store.unknown_sizes else None,
        )) + ")"
        for p in chosen.places
    )  # fmt: skip
    return f"""SELECT store, path, name, dbms, {number} AS version_number, upper(encoding) AS encoding, "collation",
            wal_level, bytes_min, bytes
        FROM (SELECT place.id AS store, place.store_path AS path,
                CASE WHEN place.store_path = '' THEN place.source ELSE place.store_path END AS name, dbms.dbms,
                {version} AS version, {_setting("encoding", "server_encoding", "character_set_database")} AS encoding,
                {_setting("collation", "lc_collate", "collation_database")} AS "collation",
                {_setting("wal_level")} AS wal_level,
                size.bytes_min::BIGINT AS bytes_min, size.bytes::BIGINT AS bytes
            FROM (SELECT * FROM {chosen.within()} JOIN (VALUES {sources}) named(id, source) USING (id)) place
            JOIN (VALUES {bytes_by_id}) size(id, bytes_min, bytes) USING (id)
            LEFT JOIN ({_DBMS}) dbms ON dbms.source = place.system)"""


def settings(chosen: Estate) -> str:
    """Facts of ``settings``."""
    return f"""SELECT s.store, substr(s.path, place.skip + 1) AS path, s.name, s.value, dbms.dbms
        FROM setting s JOIN {chosen.within()} ON place.id = s.store
        LEFT JOIN ({_DBMS}) dbms ON dbms.source = place.system"""


SOURCES: dict[str, Callable[[Estate], str]] = {
    "entries": entries, "containers": containers, "stores": stores, "tables": tables, "columns": columns, "keys": keys,
    "routines": routines, "databases": databases, "settings": settings,
}  # fmt: skip
"""Facts of every judged view."""
