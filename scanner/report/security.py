"""What is exposed and what nobody manages, each with the evidence that says so."""

from __future__ import annotations

from collections import Counter, defaultdict

from scanner import results
from scanner.report import access, words
from scanner.report.reading import ITEM, Row, Rows, among, of_items

MAX_PLACES = 200

DATABASE_FILES: dict[str, str] = {
    "mdb": "Access database", "accdb": "Access database", "sqlite": "SQLite database", "sqlite3": "SQLite database",
    "db": "database file", "db3": "SQLite database", "fdb": "Firebird database", "dbf": "dBase table",
    "bak": "database backup", "mdf": "SQL Server data file", "ldf": "SQL Server log file",
    "duckdb": "DuckDB database",
}  # fmt: skip
"""Extensions of files that are stores of their own."""

_EXT = "lower(split_part(name, '.', -1))"

_WRITABLE = f"""
WITH {ITEM}
SELECT store, split_part(rel, '/', 1) AS place, count(*) AS objects, min(parent || name) AS first FROM item
WHERE (mode & 2) <> 0 GROUP BY store, place ORDER BY objects DESC, store, place LIMIT {MAX_PLACES}
"""
_READABLE = f"""
WITH {ITEM}
SELECT store, count(*) AS objects, min(parent || name) AS first FROM item
WHERE (mode & 4) <> 0 GROUP BY store ORDER BY objects DESC, store LIMIT {MAX_PLACES}
"""

# Folders that anybody may write into, unless the sticky bit protects what others put there.
_OPEN_FOLDERS = """
SELECT source, store, count(*) AS folders, min(parent || name) AS first FROM entry
WHERE kind = 'directory' AND (mode & 2) <> 0 AND (mode & 512) = 0 GROUP BY source, store ORDER BY source, store
"""

_FILES = f"""
WITH found AS (
  SELECT source, store, parent || name AS path, size, modified, owner, {_EXT} AS ext FROM entry
  WHERE kind IN ('file', 'object') AND contains(name, '.') AND {_EXT} IN ({among(DATABASE_FILES)})
)
SELECT *, count(*) OVER () AS total FROM found ORDER BY size DESC NULLS LAST, source, path LIMIT {MAX_PLACES}
"""

_PUBLIC_SETTINGS = """
SELECT source, store, path, name, value FROM settings
WHERE regexp_matches(lower(name),
    'public|guest|anonymous|signing|smb1|dialect|encryption|weak|algorithm|tls|ssl|scan_account_')
ORDER BY source, path, name, value
"""

_OFF = ("false", "no", "off", "disabled", "none", "0")
_ON = ("true", "yes", "on", "1")
_WEAK_VALUES: tuple[tuple[str, tuple[str, ...], results.Severity, str], ...] = (
    ("scan_account_", _ON, "medium", "the account that scans may do more than look"),
    ("insecure_tls", _ON, "high", "its certificate is not verified"),
    ("public_access_block", _OFF, "medium", "nothing blocks public access"),
    ("public", _ON, "high", "open to the public"),
    ("guest", _ON, "high", "guests are let in"),
    ("anonymous", _ON, "high", "anonymous access"),
    ("smb1", _ON, "high", "speaks SMB 1"),
    ("signing", (*_OFF, "optional"), "medium", "messages need not be signed"),
    ("share_encryption", _OFF, "low", "the share does not ask for encryption"),
    ("encryption", (*_OFF, "not offered"), "medium", "not encrypted at rest or in transit"),
    ("weak", _ON, "medium", "outdated algorithms"),
    ("ssl", _OFF, "medium", "connections need no encryption"),
    ("tls", _OFF, "medium", "connections need no encryption"),
)
"""(part of the setting's name, values in lower case, severity, what it means)."""

_NAMED_WEAKNESSES: dict[str, tuple[results.Severity, str]] = {
    "ssh_weak_algorithms_offered": ("low", "offers outdated SSH algorithms besides sound ones"),
    "legacy_algorithms_used": ("medium", "was scanned with outdated SSH algorithms, since it has no others"),
}
"""Settings that name what is weak: any value but ``none`` is an exposure."""

_FAULT_EXPOSURES: dict[str, tuple[str, str, str]] = {
    "WEAK_SSH": ("medium", "offers only outdated SSH algorithms", "update the server's SSH software"),
    "SIGNING_REFUSED": ("high", "refuses to sign or encrypt", "turn signing on at the server"),
    "AUTH_GUEST": ("high", "takes unknown logins as guest", "turn the guest account off"),
    "UNSUPPORTED_PROTOCOL": ("high", "speaks only an unsafe protocol", "upgrade the server, or retire it"),
    "HOST_KEY_CHANGED": (
        "high",
        "its host key differs from the trusted one",
        "confirm the new key with the host's owner",
    ),
    "TLS_REFUSED": ("medium", "its certificate could not be verified", "give it a certificate of a known authority"),
    "SECRET_EXPOSED": ("high", "others can read the file its secret stands in", "chmod 600 the file"),
}
"""Faults that are exposures as well: severity, what they mean, and what makes the server safe."""


def read_security(
    reader: Rows,
    stores: tuple[results.Store, ...],
    sources: tuple[Row, ...],
    graph: results.GraphResult,
    rights: results.Access,
) -> Row:
    """Exposures gravest first, and candidates for unmanaged stores, capped beside exact totals."""
    exposures = [
        *_from_modes(reader),
        *_from_openings(rights),
        *_from_orphans(rights),
        *_from_settings(reader),
        *_from_faults(sources),
    ]
    exposures.sort(
        key=lambda e: (results.SEVERITIES.index(e["severity"]), -e["objects"], e["store"], e["exposure"], e["evidence"])
    )
    seen = access.read_seen(reader, stores)
    unmanaged, total = _unmanaged(reader, stores, graph, seen)
    return {
        "access": access.read_access(reader, rights),
        "seen": seen,
        "exposures_total": len(exposures),
        "exposures": tuple(exposures[:500]),
        "unmanaged_total": total,
        "unmanaged": tuple(unmanaged),
        "modes_known": bool(reader.rows("SELECT 1 FROM entry WHERE mode IS NOT NULL LIMIT 1")),
        "grants_known": reader.rows("SELECT count(*) FROM grants")[0][0],
        "labels": tuple(
            reader.dicts(
                "SELECT kind, count(*) AS places, sum(count)::BIGINT AS values, count(DISTINCT store) AS stores "
                "FROM label GROUP BY kind ORDER BY places DESC, kind"
            )
        ),
    }


def _exposure(severity: str, store: str, exposure: str, objects: int, evidence: str, fix: str) -> Row:
    return {
        "severity": severity,
        "store": store,
        "exposure": exposure,
        "objects": objects,
        "evidence": evidence,
        "fix": fix,
    }


def _from_modes(reader: Rows) -> list[Row]:
    rows = []
    for r in reader.dicts(of_items(reader, _WRITABLE)):
        where = f" in {r['place']}/" if r["place"] else ""
        fix = "take the write bit from others: chmod -R o-w"
        rows.append(_exposure("high", r["store"], f"anybody may change files{where}", r["objects"], r["first"], fix))
    for r in reader.dicts(of_items(reader, _READABLE)):
        fix = "take the read bit from others where content is not public: chmod -R o-r"
        rows.append(_exposure("medium", r["store"], "anybody may read files", r["objects"], r["first"], fix))
    rows += [
        _exposure(
            "medium",
            r["store"],
            "anybody may add to folders",
            r["folders"],
            r["first"] + "/",
            "take the write bit from others, or set the sticky bit",
        )
        for r in reader.dicts(_OPEN_FOLDERS)
    ]
    return rows


def _from_openings(rights: results.Access) -> list[Row]:
    """What is open to all by anything but modes (those are counted object by object), one row for each store and way.

    What is barred is listed with the rights, and is no exposure.
    """
    groups: dict[tuple[object, ...], list[results.Opening]] = defaultdict(list)
    for o in rights.openings:
        if o.origin != "mode" and not o.barred:
            groups[o.store, o.to, o.rights, o.grantee, o.changing].append(o)
    rows = []
    for found in groups.values():
        first = found[0]
        who = "everyone" if first.to == "everyone" else "everybody who can log in"
        may = ", ".join(r.replace("_", " ") for r in first.rights)
        evidence = f"{first.path or 'the whole store'} ({first.grantee}: {first.native or first.origin})"
        fix = "name the groups that need it; remove the rest"
        severity = "high" if first.changing else "medium" if "read" in first.rights else "low"
        places = sum(1 + o.beneath for o in found)
        rows.append(_exposure(severity, first.store, f"{who} may {may}", places, evidence, fix))
    return rows


def _from_orphans(rights: results.Access) -> list[Row]:
    return [
        _exposure(
            "low", o.store, "rights of an identity that nobody has any more", o.owned + o.held,
            f"{o.first or 'the whole store'} ({o.grantee})", "give what it owns to somebody; remove its rights",
        )
        for o in rights.orphans
    ]  # fmt: skip


def _from_settings(reader: Rows) -> list[Row]:
    rows = []
    for r in reader.dicts(_PUBLIC_SETTINGS):
        value = (r["value"] or "").strip().lower()
        if r["name"] in _NAMED_WEAKNESSES:
            severity, meaning = _NAMED_WEAKNESSES[r["name"]]
            if value not in ("", "none"):
                rows.append(_weak(severity, r, meaning))
            continue
        for part, bad, severity, meaning in _WEAK_VALUES:
            if part in r["name"].lower() and value in bad:
                rows.append(_weak(severity, r, meaning))
                break
    return rows


def _weak(severity: str, setting: Row, meaning: str) -> Row:
    evidence = f"{setting['path'] or setting['source']}: {setting['name']} = {setting['value']}"
    where = setting["store"] or setting["source"]
    return _exposure(severity, where, meaning, 1, evidence, "change the setting on the server")


def _from_faults(sources: tuple[Row, ...]) -> list[Row]:
    rows = []
    for s in sources:
        told = [
            (f["code"], f["count"], next((e["detail"] or e["path"] for e in f["examples"]), "")) for f in s["faults"]
        ]
        if s["error"]:
            told.append((s["error"]["code"], 1, s["error"]["where"] or s["error"]["detail"]))
        for code, count, evidence in told:
            if code in _FAULT_EXPOSURES:
                severity, meaning, fix = _FAULT_EXPOSURES[code]
                rows.append(_exposure(severity, s["name"], meaning, count, evidence or code, fix))
    return rows


def _candidate(what: str, kind: str, where: str, reason: str, evidence: str, store: results.Store | None = None) -> Row:
    return {
        "what": what,
        "kind": kind,
        "where": where,
        "reason": reason,
        "evidence": evidence,
        "bytes": store.bytes if store else None,
        "newest": store.newest if store else None,
        "owner": store.owner if store else None,
        "references": 0,
        "rank": None,
        "because": (),
        "by": (),
        "places": (),
    }


def _ranked(graph: results.GraphResult, stores: tuple[results.Store, ...]) -> list[Row]:
    """The stores nobody answers for, as the graph reconciled them: the most pressing first, with what tells of them."""
    by_id = {s.id: s for s in stores}
    found = sorted((m for m in graph.managed if m.unmanaged), key=lambda m: (-m.rank, m.asset))
    rows = []
    for m in found:
        where = m.asset if m.status == "scanned" else ""
        store = by_id.get(m.asset)
        told = words.plural(store.entries, "entry", "entries") + " scanned" if store is not None else ""
        if m.references:
            told = words.plural(m.references, "reference") + (f" in {words.plural(m.files, 'file')}" if m.files else "")
        row = _candidate(m.title, m.kind, where, m.unmanaged[0], told, store)
        places = tuple(dict.fromkeys(str(p) for p in m.places))[:5]
        rows.append(
            row | {"newest": m.touched, "owner": m.owner or None, "references": m.references, "rank": m.rank,
                   "because": m.unmanaged[1:], "by": m.by[:5], "places": places}
        )  # fmt: skip
    return rows


def _told(row: Row) -> str:
    """Which source told of a store, and in which words."""
    words_of_it = "; ".join(t for t in (row["locator"], row["detail"]) if t)
    return f"{row['source']}: {words_of_it}" if words_of_it else row["source"]


def _unmanaged(
    reader: Rows, stores: tuple[results.Store, ...], graph: results.GraphResult, seen: Row
) -> tuple[list[Row], int]:
    """Stores nobody registered: found by scanning, seen or quoted by others, or lying on a share as a file."""
    rows = _ranked(graph, stores) if graph.managed else _unreconciled(stores, graph, seen)
    managed = {m.asset for m in graph.managed}
    told = {(a.source, a.path) for a in graph.assets if a.id in managed}
    opened = [s for s in stores if s.kind == results.DATABASE_FILE]
    files = reader.dicts(_FILES)
    known = (
        {(source, path) for source, path in reader.rows("SELECT source, path FROM database_file")} if opened else set()
    )
    for r in files:
        if (r["source"], r["path"]) in known or (r["source"], r["path"]) in told:
            continue
        kind, name = DATABASE_FILES[r["ext"]], r["path"].rpartition("/")[2]
        row = _candidate(name, kind, r["store"], "database file on a share", r["path"])
        rows.append(row | {"bytes": r["size"], "newest": r["modified"], "owner": r["owner"]})
    total = len(rows) + (files[0]["total"] - len(files) if files else 0)
    return rows, total


def _unreconciled(stores: tuple[results.Store, ...], graph: results.GraphResult, seen: Row) -> list[Row]:
    """The same from stores, edges and what was seen, where the graph reconciled nothing."""
    rows = [
        _candidate(
            s.title,
            s.kind,
            s.id,
            "found, not in the register",
            f"{words.plural(s.entries, 'entry', 'entries')} scanned",
            s,
        )
        for s in stores
        if not s.known and s.kind != results.DATABASE_FILE
    ]
    opened = [s for s in stores if s.kind == results.DATABASE_FILE]
    rows += [
        _candidate(
            s.title, s.kind, s.id, "database file on a share", f"{words.plural(s.entries, 'table')}: {s.path}", s
        )
        for s in opened
        if not s.known
    ]
    references = Counter(e.target for e in graph.edges)
    first = {e.target: e.evidence for e in sorted(graph.edges, key=lambda e: e.id, reverse=True)}
    rows += [
        _candidate(
            a.title, a.kind, "", "referred to, never scanned",
            f"{words.plural(references[a.id], 'reference')}, first in {first.get(a.id, 'unknown')}",
        )
        for a in sorted(graph.assets, key=lambda a: a.id)
        if not a.resolved and a.level == "store"
    ]  # fmt: skip
    rows += [
        _candidate(r["name"], r["kind"], "", f"seen, not scanned: {r['reason'].replace('_', ' ')}", _told(r))
        for r in seen["list"]
        if r["reason"] != "unsupported"
    ]
    return rows
