"""What is exposed and what nobody manages, each with the evidence that says so."""

from __future__ import annotations

from scanner import results
from scanner.report.reading import ITEM, Row, Rows, among

MAX_PLACES = 200

DATABASE_FILES: dict[str, str] = {
    "mdb": "Access database", "accdb": "Access database", "sqlite": "SQLite database", "sqlite3": "SQLite database",
    "db": "database file", "db3": "SQLite database", "fdb": "Firebird database", "dbf": "dBase table",
    "bak": "database backup", "mdf": "SQL Server data file", "ldf": "SQL Server log file",
    "duckdb": "DuckDB database", "pst": "Outlook data file", "nsf": "Notes database",
}  # fmt: skip
"""Extensions of files that are stores of their own."""

_EXT = "lower(split_part(name, '.', -1))"

_MODES = f"""
WITH {ITEM}, open AS (
  SELECT source, store, parent, name, split_part(rel, '/', 1) AS place, mode,
         (mode & 2) <> 0 AS writable, (mode & 4) <> 0 AS readable
  FROM item WHERE mode IS NOT NULL
)
SELECT source, store, place, count(*) AS objects, count(*) FILTER (WHERE writable) AS writable,
  count(*) FILTER (WHERE readable) AS readable, min(parent || name) FILTER (WHERE writable) AS first_writable,
  min(parent || name) FILTER (WHERE readable) AS first_readable
FROM open GROUP BY source, store, place HAVING count(*) FILTER (WHERE writable OR readable) > 0
ORDER BY writable DESC, readable DESC, source, store, place
"""

# Folders that anybody may write into, unless the sticky bit protects what others put there.
_OPEN_FOLDERS = """
SELECT source, store, count(*) AS folders, min(parent || name) AS first FROM entry
WHERE kind = 'directory' AND (mode & 2) <> 0 AND (mode & 512) = 0 GROUP BY source, store ORDER BY source, store
"""

_EVERYONE = f"""
SELECT store, grantee_kind, grantee, "right" AS access, count(*) AS paths, min(path) AS first FROM grants
WHERE grantee_kind IN ('everyone', 'authenticated') AND effect = 'allow' AND coalesce(origin, '') <> 'mode'
GROUP BY ALL ORDER BY paths DESC, store, grantee, access LIMIT {MAX_PLACES}
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
WHERE regexp_matches(lower(name), 'public|guest|anonymous|signing|smb1|dialect|encryption|weak|algorithm|tls|ssl')
ORDER BY source, path, name, value
"""

_WEAK_VALUES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("public_access_block", ("off", "false", "none", "no", "partial"), "high", "nothing blocks public access"),
    ("public", ("true", "yes", "on", "1"), "high", "open to the public"),
    ("guest", ("true", "yes", "on", "1"), "high", "guests are let in"),
    ("anonymous", ("true", "yes", "on", "1"), "high", "anonymous access"),
    ("signing", ("false", "no", "off", "disabled", "0"), "medium", "messages are not signed"),
    ("smb1", ("true", "yes", "on", "1"), "high", "speaks SMB 1"),
    ("encryption", ("none", "false", "no", "off", "disabled"), "medium", "not encrypted at rest or in transit"),
    ("weak", ("true", "yes", "on", "1"), "medium", "outdated algorithms"),
    ("ssl", ("off", "false", "no", "disabled"), "medium", "connections need no encryption"),
    ("tls", ("off", "false", "no", "disabled"), "medium", "connections need no encryption"),
)
"""(part of the setting's name, values in lower case, severity, what it means)."""

_FAULT_EXPOSURES: dict[str, tuple[str, str]] = {
    "WEAK_SSH": ("medium", "offers only outdated SSH algorithms"),
    "SIGNING_REFUSED": ("high", "refuses to sign or encrypt"),
    "AUTH_GUEST": ("high", "takes unknown logins as guest"),
    "UNSUPPORTED_PROTOCOL": ("high", "speaks only an unsafe protocol"),
    "HOST_KEY_CHANGED": ("high", "its host key differs from the trusted one"),
    "TLS_REFUSED": ("medium", "its certificate could not be verified"),
    "SECRET_EXPOSED": ("high", "others can read the file its secret stands in"),
}


def read_security(
    reader: Rows, stores: tuple[results.Store, ...], sources: tuple[Row, ...], graph: results.GraphResult
) -> Row:
    """Exposures gravest first, and candidates for unmanaged stores, capped beside exact totals."""
    exposures = [*_from_modes(reader), *_from_grants(reader), *_from_settings(reader), *_from_faults(sources)]
    exposures.sort(
        key=lambda e: (results.SEVERITIES.index(e["severity"]), -e["objects"], e["store"], e["exposure"], e["evidence"])
    )
    unmanaged, total = _unmanaged(reader, stores, graph)
    return {
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


def _exposure(severity: str, store: str, exposure: str, objects: int, evidence: str, fix: str) -> Row:  # noqa: PLR0913, PLR0917 - one row, six columns
    return {
        "severity": severity, "store": store, "exposure": exposure, "objects": objects, "evidence": evidence, "fix": fix,
    }  # fmt: skip


def _from_modes(reader: Rows) -> list[Row]:
    rows = []
    for r in reader.dicts(_MODES + f" LIMIT {MAX_PLACES}"):
        where = f" in {r['place']}/" if r["place"] else ""
        if r["writable"]:
            rows.append(
                _exposure(
                    "high",
                    r["store"],
                    f"anybody may change files{where}",
                    r["writable"],
                    r["first_writable"],
                    "take the write bit from others: chmod -R o-w",
                )
            )
        if r["readable"]:
            rows.append(
                _exposure(
                    "medium",
                    r["store"],
                    f"anybody may read files{where}",
                    r["readable"],
                    r["first_readable"],
                    "take the read bit from others where the content is not public: chmod -R o-r",
                )
            )
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


def _from_grants(reader: Rows) -> list[Row]:
    change = ("write", "delete", "change_permissions", "full", "owner")
    rows = []
    for r in reader.dicts(_EVERYONE):
        who = "everyone" if r["grantee_kind"] == "everyone" else "every logged-in user"
        rows.append(
            _exposure(
                "high" if r["access"] in change else "medium",
                r["store"] or "",
                f"{who} may {r['access'].replace('_', ' ')}",
                r["paths"],
                f"{r['first'] or 'the whole store'} ({r['grantee']})",
                "name the groups that need it; remove the rest",
            )  # fmt: skip
        )
    return rows


def _from_settings(reader: Rows) -> list[Row]:
    rows = []
    for r in reader.dicts(_PUBLIC_SETTINGS):
        value = (r["value"] or "").strip().lower()
        for part, bad, severity, meaning in _WEAK_VALUES:
            if part in r["name"].lower() and value in bad:
                rows.append(
                    _exposure(
                        severity,
                        r["store"] or r["source"],
                        meaning,
                        1,
                        f"{r['path'] or r['source']}: {r['name']} = {r['value']}",
                        "change the setting on the server",
                    )
                )
                break
    return rows


def _from_faults(sources: tuple[Row, ...]) -> list[Row]:
    rows = []
    for s in sources:
        told = [
            (f["code"], f["count"], f["examples"][0]["path"] if f["examples"] else "", f["do"]) for f in s["faults"]
        ]
        if s["error"]:
            told.append((s["error"]["code"], 1, s["error"]["where"], s["error"]["do"]))
        for code, count, where, do in told:
            if code in _FAULT_EXPOSURES:
                severity, meaning = _FAULT_EXPOSURES[code]
                rows.append(_exposure(severity, s["name"], meaning, count, where or code, do))
    return rows


def _unmanaged(reader: Rows, stores: tuple[results.Store, ...], graph: results.GraphResult) -> tuple[list[Row], int]:
    """Stores nobody registered: found by scanning, quoted by others, or lying on a share as a file."""
    rows = [
        {"what": s.title, "kind": s.kind, "where": s.id, "reason": "found, but not in the register", "bytes": s.bytes,
         "newest": s.newest, "owner": s.owner, "evidence": f"{s.entries:,} entries scanned"}
        for s in stores if not s.known
    ]  # fmt: skip
    references: dict[str, int] = {}
    for e in graph.edges:
        references[e.target] = references.get(e.target, 0) + 1
    first = {e.target: e.evidence for e in sorted(graph.edges, key=lambda e: e.id, reverse=True)}
    rows += [
        {"what": a.title, "kind": a.kind, "where": "", "reason": "referred to, but never scanned", "bytes": None, "newest": None,
         "owner": None, "evidence": f"{references.get(a.id, 0):,} references, first in {first.get(a.id, 'unknown')}"}
        for a in sorted(graph.assets, key=lambda a: a.id) if not a.resolved
    ]  # fmt: skip
    files = reader.dicts(_FILES)
    rows += [
        {"what": r["path"].rpartition("/")[2], "kind": DATABASE_FILES[r["ext"]], "where": r["store"],
         "reason": "a database lying on a share as a file", "bytes": r["size"], "newest": r["modified"], "owner": r["owner"],
         "evidence": r["path"]}
        for r in files
    ]  # fmt: skip
    total = len(rows) + (files[0]["total"] - len(files) if files else 0)
    return rows, total
