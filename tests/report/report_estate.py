"""A small council's estate in DuckDB, with judgement and graph made by hand: what every report test renders."""

# ruff: noqa: E501 - tables: one row, one line
from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from scanner import results, schema
from scanner.schema import SCHEMAS

NOW = int(datetime(2026, 6, 22, 9, 30, tzinfo=UTC).timestamp()) * 1_000_000
SCANNED = int(datetime(2026, 6, 21, 19, 2, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000
HOUR = 3_600_000_000

_TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "int": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "time": "BIGINT",
}
_ALIASES = {"column": "columns", "key": "keys", "routine": "routines", "grant": "grants", "setting": "settings"}


class EstateReader:
    """The catalog's reader as the brief of its room describes it, over tables held in memory."""

    def __init__(self) -> None:
        self.db = duckdb.connect(":memory:")
        self.found: list[results.Store] = []
        for spec in SCHEMAS.values():
            columns = ", ".join(f'"{c.name}" {_TYPES[c.type]}' for c in spec.columns)
            extra = ", path VARCHAR" if spec is schema.ENTRY else ""
            self.db.execute(
                f'CREATE TABLE "{spec.name}" (scan INTEGER, source VARCHAR, store VARCHAR, {columns}{extra})'
            )
            if spec.name in _ALIASES:
                self.db.execute(f'CREATE VIEW "{_ALIASES[spec.name]}" AS SELECT * FROM "{spec.name}"')
        self.db.execute("CREATE TABLE known_store (scan INTEGER, name VARCHAR, locator VARCHAR, owner VARCHAR)")
        self.db.execute(
            "CREATE TABLE scan (id INTEGER, state VARCHAR, started BIGINT, ended BIGINT, version VARCHAR, depth VARCHAR,"
            " title VARCHAR, config_hash VARCHAR, exit_code INTEGER, targets VARCHAR)"
        )
        self.db.execute(
            "CREATE TABLE source (scan INTEGER, name VARCHAR, type VARCHAR, title VARCHAR, owner VARCHAR, locator VARCHAR,"
            " store_depth INTEGER, store_kind VARCHAR, options VARCHAR, limits VARCHAR, state VARCHAR, started BIGINT,"
            " ended BIGINT, error_code VARCHAR, error_where VARCHAR, error_detail VARCHAR, requests BIGINT,"
            " peak_connections INTEGER, logins INTEGER)"
        )
        self.db.execute(
            'CREATE TABLE unit (id BIGINT, scan INTEGER, source VARCHAR, "key" VARCHAR, "after" VARCHAR, state VARCHAR, attempts INTEGER)'
        )
        self.db.execute("CREATE VIEW unfinished AS SELECT * FROM unit WHERE state <> 'done'")
        self.db.execute(
            "CREATE VIEW unit_count AS SELECT u.source, u.state, count(*) AS units FROM unit u"
            " JOIN source s ON s.name = u.source AND s.scan = u.scan GROUP BY ALL"
        )
        self.db.execute(
            "CREATE TABLE fault (id BIGINT, scan INTEGER, source VARCHAR, unit BIGINT, path VARCHAR, op VARCHAR, reason VARCHAR, detail VARCHAR)"
        )

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, list(params)).fetchall()

    def dicts(self, sql: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        cursor = self.db.execute(sql, list(params))
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stores(self) -> tuple[results.Store, ...]:
        return tuple(self.found)

    def add(self, table: str, **values: object) -> None:
        names = ", ".join(f'"{n}"' for n in values)
        self.db.execute(
            f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))})', list(values.values())
        )

    def add_many(self, table: str, names: Sequence[str], rows: list[tuple[object, ...]]) -> None:
        if rows:
            columns = pa.table([pa.array(c) for c in zip(*rows, strict=True)], names=list(names))
            self.db.register("incoming", columns)
            self.db.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM incoming')
            self.db.unregister("incoming")


_SOURCES = (
    ("finance-share", "smb", "Finance share", "Finance IT", r"\\fs01.northmoor.example\finance", 0, "share", "incomplete"),
    ("records", "file", "Records office", "Records Management", "/srv/records", 0, "folder", "complete"),
    ("buckets", "s3", "Object store", "Web team", "https://objects.northmoor.example", 1, "bucket", "complete"),
    ("drop", "sftp", "Partner drop", None, "sftp://drop.northmoor.example/incoming", 0, "SFTP root", "complete"),
    ("case-db", "odbc", "Case server", "Adult Social Care", "postgresql://db01.northmoor.example", 1, "database", "complete"),
    ("payroll-db", "odbc", "Payroll server", "HR Systems", "mariadb://db02.northmoor.example", 1, "database", "complete"),
    ("legacy-nas", "smb", "Legacy NAS", "Estates", r"\\nas-old.northmoor.example\vol1", 0, "share", "failed"),
)  # fmt: skip

_FOLDERS = {
    "finance-share": ("Budget", "Invoices/2011", "Invoices/2016", "Invoices/2024", "Audit", "Old/PC-0412", "Templates"),
    "records": (
        "Registers/Births",
        "Registers/Deaths",
        "Maps",
        "Photographs/1998",
        "Photographs/2007",
        "Scans",
        "Licensing",
    ),
    "drop": ("inbound", "outbound", "archive"),
}
_KINDS = (
    ("docx", 90_000), ("xlsx", 240_000), ("pdf", 1_900_000), ("tif", 24_000_000), ("jpg", 3_100_000), ("pst", 1_400_000_000),
    ("zip", 160_000_000), ("csv", 800_000), ("mdb", 48_000_000), ("ini", 900), ("dwg", 9_000_000), ("log", 2_000_000),
)  # fmt: skip


def _files(reader: EstateReader, random_: random.Random) -> None:
    names = (
        "scan",
        "source",
        "store",
        "parent",
        "name",
        "kind",
        "size",
        "modified",
        "owner",
        "mode",
        "links",
        "hardlink",
        "tier",
        "path",
    )
    rows: list[tuple[object, ...]] = []
    listed: dict[tuple[str, str], int] = {}
    for source, folders in _FOLDERS.items():
        seen: set[str] = set()
        for folder in folders:
            parent = ""
            for part in folder.split("/"):
                if parent + part not in seen:
                    seen.add(parent + part)
                    mode = 0o40777 if part == "inbound" else 0o40755
                    rows.append(
                        (
                            1,
                            source,
                            source,
                            parent,
                            part,
                            "directory",
                            None,
                            SCANNED - 900 * DAY,
                            "root",
                            mode if source != "finance-share" else None,
                            1,
                            None,
                            "online",
                            parent + part,
                        )
                    )
                    listed[source, parent] = listed.get((source, parent), 0) + 1
                parent += part + "/"
            for n in range(random_.randrange(16, 34)):
                ext, typical = random_.choice(_KINDS)
                size = int(typical * random_.lognormvariate(0, 1.1))
                age = int(random_.lognormvariate(6.6, 1.1))
                tier = "offline" if folder == "Invoices/2011" and n % 3 == 0 else "online"
                mode = {"records": 0o100664, "drop": 0o100666 if n % 4 == 0 else 0o100640}.get(source)
                name = f"{folder.split('/')[-1].lower()}-{n:03}.{ext}"
                rows.append(
                    (
                        1,
                        source,
                        source,
                        parent,
                        name,
                        "file",
                        size,
                        SCANNED - age * DAY,
                        random_.choice(("j.field", "m.osei", "svc-fin")),
                        mode,
                        1,
                        None,
                        tier,
                        parent + name,
                    )
                )
                listed[source, parent] = listed.get((source, parent), 0) + 1
    for n, name in enumerate(("register.pdf", "register-copy.pdf")):
        rows.append(
            (
                1,
                "records",
                "records",
                "Scans/",
                name,
                "file",
                88_000_000,
                SCANNED - 700 * DAY,
                "m.osei",
                0o100644,
                2,
                "dev1:4711",
                "online",
                "Scans/" + name,
            )
        )
        rows.append(
            (
                1,
                "records",
                "records",
                "Maps/" if n else "Scans/",
                "tithe-map-1843.tif",
                "file",
                640_000_000,
                SCANNED - 4000 * DAY,
                "m.osei",
                0o100644,
                1,
                None,
                "online",
                ("Maps/" if n else "Scans/") + "tithe-map-1843.tif",
            )
        )
    listed["records", "Scans/"] = listed.get(("records", "Scans/"), 0) + 3
    listed["records", "Maps/"] += 1
    rows.append(
        (
            1,
            "drop",
            "drop",
            "inbound/",
            "partner.sqlite",
            "file",
            None,
            None,
            None,
            None,
            1,
            None,
            "online",
            "inbound/partner.sqlite",
        )
    )
    listed["drop", "inbound/"] += 1
    for parent, name in (("Audit/", "Payroll"), ("Old/", "PC-0977"), ("", "Directors")):
        rows.append(
            (
                1,
                "finance-share",
                "finance-share",
                parent,
                name,
                "directory",
                None,
                None,
                None,
                None,
                1,
                None,
                "online",
                parent + name,
            )
        )
        listed["finance-share", parent] = listed.get(("finance-share", parent), 0) + 1
    reader.add_many("entry", names, rows)
    reader.add_many(
        "listing",
        ("scan", "source", "store", "path", "listed", "complete"),
        [(1, s, s, p, n, True) for (s, p), n in sorted(listed.items())],
    )


def _objects(reader: EstateReader, random_: random.Random) -> None:
    names = (
        "scan",
        "source",
        "store",
        "parent",
        "name",
        "kind",
        "size",
        "modified",
        "storage_class",
        "etag",
        "tier",
        "path",
    )
    rows: list[tuple[object, ...]] = []
    for bucket, count, typical in (
        ("northmoor-backups", 40, 2_000_000_000),
        ("northmoor-web", 90, 400_000),
        ("tmp-export", 12, 90_000_000),
    ):
        store = f"buckets/{bucket}"
        rows.append((1, "buckets", store, "", bucket, "bucket", None, SCANNED - 1500 * DAY, None, None, None, bucket))
        for n in range(count):
            parent = f"{bucket}/" + random_.choice(("daily/", "weekly/", "site/img/", ""))
            size, age = int(typical * random_.lognormvariate(0, 0.8)), int(random_.lognormvariate(5, 1))
            etag = "9b2cf535f27731c974343645a3985328" if n in (3, 4) else f"{random_.getrandbits(128):032x}"
            size = 512_000_000 if n in (3, 4) else size
            ext = random_.choice(("bak", "gz", "html", "jpg"))
            name = f"{n:04}.{ext}"
            rows.append(
                (
                    1,
                    "buckets",
                    store,
                    parent,
                    name,
                    "object",
                    size,
                    SCANNED - age * DAY,
                    "STANDARD",
                    etag,
                    "online",
                    parent + name,
                )
            )
        reader.add("listing", scan=1, source="buckets", store=store, path=f"{bucket}/", listed=count, complete=True)
    reader.add_many("entry", names, rows)
    reader.add("listing", scan=1, source="buckets", store=None, path="", listed=3, complete=True)


_TABLES = {
    ("case-db", "cases", "public"): {
        "person": 812_400, "address": 1_204_118, "claim": 2_018_335, "claim_note": 9_114_020, "payment": 6_300_112,
        "caseworker": 1_310, "team": 64, "document": 310_221, "letter_template": 212, "audit_log": 48_000_551,
    },
    ("case-db", "archive", "public"): {"claim_2009": 410_883, "claim_2010": 455_201, "person_2010": 204_117},
    ("payroll-db", "payroll", ""): {
        "employee": 14_220, "grade": 41, "post": 9_002, "payslip": 1_702_441, "absence": 220_118, "pension": 13_998,
    },
}  # fmt: skip
_KEYS = (
    ("case-db", "cases/public/address", "cases/public/person"), ("case-db", "cases/public/claim", "cases/public/person"),
    ("case-db", "cases/public/claim", "cases/public/caseworker"), ("case-db", "cases/public/claim_note", "cases/public/claim"),
    ("case-db", "cases/public/payment", "cases/public/claim"), ("case-db", "cases/public/caseworker", "cases/public/team"),
    ("case-db", "cases/public/team", "cases/public/caseworker"), ("case-db", "cases/public/document", "cases/public/claim"),
    ("payroll-db", "payroll/employee", "payroll/post"), ("payroll-db", "payroll/post", "payroll/grade"),
    ("payroll-db", "payroll/payslip", "payroll/employee"), ("payroll-db", "payroll/absence", "payroll/employee"),
    ("payroll-db", "payroll/pension", "payroll/employee"),
)  # fmt: skip


def _databases(reader: EstateReader) -> None:
    seen: set[tuple[str, str]] = set()
    for (source, database, schema_), tables in _TABLES.items():
        store, parent = f"{source}/{database}", f"{database}/{schema_}/" if schema_ else f"{database}/"
        base = {"scan": 1, "source": source, "store": store}
        reader.add("entry", **base, parent="", name=database, kind="database", path=database)
        if (source, "") not in seen:
            seen.add((source, ""))
            count = sum(s == source for s, _, _ in _TABLES)
            reader.add("listing", scan=1, source=source, store=None, path="", listed=count, complete=True)
        if schema_:
            reader.add(
                "entry", **base, parent=f"{database}/", name=schema_, kind="schema", path=f"{database}/{schema_}"
            )
            reader.add("listing", **base, path=f"{database}/", listed=1, complete=True)
        names = [*tables, "v_open_claims"] if database == "cases" else list(tables)
        reader.add("listing", **base, path=parent, listed=len(names), complete=True)
        for n, name in enumerate(names):
            path = parent + name
            rows = tables.get(name)
            kind = "table" if rows is not None else "view"
            reader.add(
                "entry",
                **base,
                parent=parent,
                name=name,
                kind=kind,
                rows=rows,
                size=rows * (140 + 37 * n) if rows else None,
                path=path,
                subtype="InnoDB" if not schema_ else None,
            )
            for position in range(4 + n % 5):
                reader.add(
                    "column",
                    **base,
                    path=path,
                    name=f"c{position}",
                    position=position + 1,
                    type="text",
                    lob=position == 3 and name in ("document", "letter_template"),
                )
            if kind == "table" and name != "audit_log":
                reader.add("key", **base, path=path, name=f"pk_{name}", kind="primary", columns=["c0"])
    for n, (source, path, ref) in enumerate(_KEYS):
        database = path.split("/")[0]
        reader.add(
            "key",
            scan=1,
            source=source,
            store=f"{source}/{database}",
            path=path,
            name=f"fk_{n}",
            kind="foreign",
            columns=["c1"],
            ref_path=ref,
            ref_columns=["c0"],
        )
    cases = {"scan": 1, "source": "case-db", "store": "case-db/cases"}
    reader.add(
        "routine", **cases, path="cases/public/v_open_claims", kind="view", dialect="postgres", definition="SELECT 1"
    )
    reader.add(
        "routine", **cases, path="cases/public/close_claim", kind="procedure", dialect="postgres", definition=None
    )
    reader.add(
        "grant",
        **cases,
        path="cases/public/letter_template",
        grantee="PUBLIC",
        grantee_kind="everyone",
        right="read",
        effect="allow",
        origin="sql_grant",
        native="SELECT",
    )
    _rights(reader)


def _rights(reader: EstateReader) -> None:
    """What shares and buckets say of who may do what, and of stores nobody looked into."""
    names = ("source", "store", "path", "grantee", "grantee_kind", "right", "effect", "origin", "native", "grantee_id")
    share, bucket = ("finance-share", "finance-share"), ("buckets", "buckets/northmoor-web")
    clerks = "NORTHMOOR\\Finance clerks"
    rows = (
        (*share, "Reports", "Everyone", "everyone", "read", "allow", "nt_acl", "0x1200a9 READ", "S-1-1-0"),
        (*share, "Reports", "Everyone", "everyone", "list", "allow", "nt_acl", "0x1200a9 READ", "S-1-1-0"),
        (*share, "Audit", clerks, "group", "write", "allow", "nt_acl", "0x1301bf CHANGE", "S-1-5-21-7-8-9-1201"),
        (*share, "Audit", clerks, "group", "delete", "deny", "nt_acl", "0x10000 DELETE", "S-1-5-21-7-8-9-1201"),
        (*share, "Old", "S-1-5-21-7-8-9-1105", "unknown", "owner", "allow", "nt_acl", "owner", "S-1-5-21-7-8-9-1105"),
        (*bucket, "northmoor-web", "*", "everyone", "read", "allow", "bucket_policy", "s3:GetObject", None),
        ("buckets", "buckets/tmp-export", "tmp-export", "AllUsers", "everyone", "read", "allow", "acl", "READ", None),
        ("buckets", "buckets/tmp-export", "tmp-export", "*", "everyone", "full", "deny", "public_access_block",
         "IgnorePublicAcls, RestrictPublicBuckets", None),
    )  # fmt: skip
    for row in rows:
        reader.add("grant", scan=1, **dict(zip(names, row, strict=True)))
    seen = (
        ("finance-share", "Scans$", "share", r"\\fs01.northmoor.example\Scans$", "not_configured", "copier drop"),
        ("finance-share", "finance", "share", r"\\FS01.northmoor.example\finance", "not_configured", "this one"),
        ("case-db", "cases_test", "database", "postgresql://db01.northmoor.example/cases_test", "denied", None),
    )
    for source, name, kind, locator, reason, detail in seen:
        reader.add("seen", scan=1, source=source, name=name, kind=kind, locator=locator, reason=reason, detail=detail)


def _faults(reader: EstateReader) -> None:
    rows = (
        ("finance-share", "Audit/Payroll/", "list", "DENIED", "STATUS_ACCESS_DENIED"),
        ("finance-share", "Old/PC-0977/", "list", "DENIED", "STATUS_ACCESS_DENIED"),
        ("finance-share", "Directors/", "list", "DENIED", "STATUS_ACCESS_DENIED"),
        ("finance-share", "~snapshot/", "skip", "SNAPSHOT", ""),
        ("records", "Photographs/1998/caf\\xE9.jpg", "note", "NAME_UNDECODABLE", ""),
        ("records", "Scans/locked.pdf", "stat", "DENIED", "Permission denied"),
        ("case-db", "cases/public/close_claim", "query", "QUERY_FAILED", "permission denied for function close_claim"),
        ("drop", "", "note", "WEAK_SSH", "diffie-hellman-group1-sha1"),
    )
    for n, (source, path, op, reason, detail) in enumerate(rows):
        reader.add("fault", id=n, scan=1, source=source, path=path, op=op, reason=reason, detail=detail)
    reader.db.execute("UPDATE listing SET listed = listed + 1 WHERE source = 'finance-share' AND path = ''")
    reader.db.execute("UPDATE listing SET listed = listed + 1 WHERE source = 'records' AND path = 'Scans/'")
    reader.add(
        "setting",
        scan=1,
        source="buckets",
        store="buckets/tmp-export",
        path="tmp-export",
        name="public_access_block",
        value="off",
    )
    reader.add(
        "setting",
        scan=1,
        source="buckets",
        store="buckets/northmoor-web",
        path="northmoor-web",
        name="versioning",
        value="Enabled",
    )
    for n, s in enumerate(_SOURCES):
        reader.add(
            "unit",
            id=n,
            scan=1,
            source=s[0],
            key="",
            after="",
            state="failed" if s[7] == "failed" else "done",
            attempts=1,
        )


def _stores(reader: EstateReader) -> None:
    kinds = {s[0]: s for s in _SOURCES}
    for source, store, entries, files, size, unknown, offline, newest in reader.rows(
        "SELECT source, store, count(*), count(*) FILTER (kind IN ('file', 'object')), sum(size)::BIGINT,"
        " count(*) FILTER (size IS NULL AND kind IN ('file', 'object', 'table')),"
        " coalesce(sum(size) FILTER (tier = 'offline'), 0)::BIGINT, max(modified) FROM entry GROUP BY ALL ORDER BY ALL"
    ):
        of = kinds[source]
        path = store.partition("/")[2]
        reader.found.append(
            results.Store(
                id=store, source=source, path=path, kind=of[6], title=path or of[2], owner=of[3], entries=entries, files=files,
                bytes=size, unknown_sizes=unknown, offline_bytes=offline, newest=newest, complete=of[7] == "complete",
                known=path not in ("tmp-export", "archive"),
            )
        )  # fmt: skip
    reader.found.append(
        results.Store(
            "legacy-nas",
            "legacy-nas",
            "",
            "share",
            "Legacy NAS",
            "Estates",
            0,
            0,
            None,
            0,
            0,
            None,
            complete=False,
            known=True,
        )
    )


def build_reader() -> EstateReader:
    """The canonical estate; the same every time."""
    reader = EstateReader()
    random_ = random.Random(11)
    reader.add(
        "scan",
        id=1,
        state="incomplete",
        started=SCANNED - 2 * HOUR,
        ended=SCANNED,
        version="0.1.0",
        depth="L1",
        title="Northmoor",
        config_hash="5f0c41d2a7be90d3",
        exit_code=3,
        targets="[]",
    )
    for n, (name, type_, title, owner, locator, depth, kind, state) in enumerate(_SOURCES):
        failed = state == "failed"
        reader.add(
            "source", scan=1, name=name, type=type_, title=title, owner=owner, locator=locator, store_depth=depth, store_kind=kind,
            options="{}", limits='{"connections": 4}', state=state, started=SCANNED - 2 * HOUR + n * 60_000_000,
            ended=SCANNED - HOUR + n * 420_000_000 if not failed else SCANNED - 2 * HOUR + n * 60_000_000 + 30_000_000,
            error_code="UNREACHABLE" if failed else None, error_where="nas-old.northmoor.example:445" if failed else None,
            error_detail="no answer within 30 s" if failed else None, requests=412 + 91 * n, peak_connections=4, logins=1,
        )  # fmt: skip
    _files(reader, random_)
    _objects(reader, random_)
    _databases(reader)
    _faults(reader)
    _stores(reader)
    for name, locator in (("hr-mart", "oracle://mart.northmoor.example/HR"), ("records", "/srv/records")):
        reader.add("known_store", scan=1, name=name, locator=locator, owner="HR Systems")
    return reader
