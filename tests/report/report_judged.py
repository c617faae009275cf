"""A judgement and a graph over the canonical estate, made by hand as those rooms would give them."""

# ruff: noqa: E501 - tables: one row, one line
from __future__ import annotations

from scanner import results
from scanner.results import (
    Asset,
    Blast,
    Edge,
    Finding,
    GraphResult,
    PlaceOf,
    Readiness,
    RuleInfo,
    TargetInfo,
    Verdict,
    Wave,
    WaveMember,
)

_RULES: tuple[tuple[str, str, str, str, results.Severity, str, str, str, str], ...] = (
    ("s3-key-bytes", "All keys fit in 1,024 bytes", "Keys are longer than 1,024 bytes", "Key lengths could not be measured", "blocker", "entries", "path_bytes > $key_bytes", "Shorten folder names or the destination prefix.", "M"),
    ("s3-object-size", "All objects fit the size limit", "Objects exceed the size limit", "Some sizes are unknown", "blocker", "entries", "size > $object_bytes", "Split the object, or keep it on block storage.", "L"),
    ("s3-avoid-chars", "No key holds a character to avoid", "Keys hold characters to avoid", "Names could not be read", "medium", "entries", "regexp_matches(path, '[\\\\{}^%`\\[\\]\"<>~#|]')", "Rename on the way with a mapping table.", "S"),
    ("hard-links", "No file has a second name", "Files have several names (hard links)", "Link counts are unknown", "medium", "entries", "links > 1", "Decide which name stays; the copy holds the bytes twice.", "S"),
    ("offline-content", "All content is online", "Content is offline and would be recalled", "Tiers are unknown", "high", "entries", "tier = 'offline'", "Recall in batches with the archive's own tool, or move it inside the archive.", "M"),
    ("spo-path-400", "All paths fit in 400 characters", "Paths are longer than 400 characters", "Path lengths could not be measured", "blocker", "entries", "path_utf16 > $path_chars", "Shorten folder names; map deep trees to separate libraries.", "M"),
    ("spo-blocked-ext", "No file type is blocked", "Files of a blocked type", "Names could not be read", "high", "entries", "ext IN ('mdb', 'pst')", "Move databases to a database service and mail to mailboxes.", "M"),
    ("pg-no-primary-key", "Every table has a primary key", "Tables have no primary key", "Keys could not be read", "high", "tables", "NOT has_primary_key", "Add a primary key, or set REPLICA IDENTITY FULL for the move.", "S"),
    ("pg-lob-columns", "No large object columns", "Tables hold large objects", "Columns could not be read", "medium", "tables", "lob_columns > 0", "Move them with a file copy, or raise the migration service's LOB limit.", "M"),
    ("pg-routine-hidden", "Every routine's text was read", "Routines refer to other servers", "Some routines hide their text", "blocker", "tables", "routine_refs_remote", "Grant the scan account the right to read definitions.", "S"),
)  # fmt: skip


def build_judgement() -> results.Judgement:
    rules = tuple(
        RuleInfo(
            i,
            (p, f, u),
            s,
            over,
            f"{f}: the copy would stop or lose something at the target.",
            formula,
            remedy,
            "Vendor documentation, limits page, read 2026-05-04",
            effort,
            2.0,
            0.05,
            400,
        )  # type: ignore[arg-type]
        for i, p, f, u, s, over, formula, remedy, effort in _RULES
    )
    targets = (
        TargetInfo("s3", "Amazon S3", ("share", "folder", "bucket", "SFTP root"), "2026-05-04", (("key_bytes", "1,024", "bytes", "S3 User Guide, Naming Amazon S3 objects", "R"), ("object_bytes", "53,687,091,200,000", "bytes", "S3 User Guide, multipart upload limits", "R"))),
        TargetInfo("sharepoint", "SharePoint Online", ("share", "folder"), "2026-05-04", (("path_chars", "400", "characters", "SharePoint limits", "R"),)),
        TargetInfo("pg-cloud", "PostgreSQL in the cloud", ("database",), "2026-04-18", (("table_bytes", "32", "TiB", "PostgreSQL documentation, Appendix K", "R"),)),
    )  # fmt: skip
    by_id = {r.id: r for r in rules}
    verdicts: list[Verdict] = []

    def verdict(
        rule: str, target: str, store: str, fails: int, passes: int, unknown: int, size: int | None = None
    ) -> None:
        found = tuple(
            Finding(
                f"{rule}-{target}-{store}-{n}".replace("/", "-"),
                rule,
                target,
                store,
                f"Invoices/2011/example-{n:02}.pst",
                4_000_000 * (n + 1),
                (("tier", "offline"), ("links", "2")),
            )
            for n in range(min(fails, 3))
        )
        verdicts.append(Verdict(rule, target, store, by_id[rule].severity, fails, passes, unknown, size, found))

    files = (
        "finance-share",
        "records",
        "buckets/northmoor-backups",
        "buckets/northmoor-web",
        "buckets/tmp-export",
        "drop",
    )
    for store in files:
        verdict("s3-key-bytes", "s3", store, 2 if store == "records" else 0, 150, 0)
        verdict("s3-object-size", "s3", store, 0, 150, 1 if store == "drop" else 0)
        verdict("s3-avoid-chars", "s3", store, 7 if store == "finance-share" else 0, 143, 0, 91_000_000)
        verdict("hard-links", "s3", store, 2 if store == "records" else 0, 148, 0)
        verdict("offline-content", "s3", store, 9 if store == "finance-share" else 0, 141, 0, 2_100_000_000)
    for store in ("finance-share", "records"):
        verdict("spo-path-400", "sharepoint", store, 3 if store == "finance-share" else 0, 147, 0)
        verdict("spo-blocked-ext", "sharepoint", store, 22 if store == "finance-share" else 17, 128, 0, 30_800_000_000)
        verdict("offline-content", "sharepoint", store, 9 if store == "finance-share" else 0, 141, 0)
    for store in ("case-db/cases", "case-db/archive", "payroll-db/payroll"):
        verdict("pg-no-primary-key", "pg-cloud", store, 1 if store.endswith("cases") else 0, 9, 0, 24_000_000_000)
        verdict("pg-lob-columns", "pg-cloud", store, 2 if store.endswith("cases") else 0, 8, 0)
        verdict("pg-routine-hidden", "pg-cloud", store, 0, 8, 1 if store.endswith("cases") else 0)
    states: dict[tuple[str, str], tuple[results.State, float | None]] = {
        ("finance-share", "s3"): ("unknown", None), ("records", "s3"): ("not_ready", 98.6),
        ("buckets/northmoor-backups", "s3"): ("ready", 100.0), ("buckets/northmoor-web", "s3"): ("ready", 100.0),
        ("buckets/tmp-export", "s3"): ("ready", 100.0), ("drop", "s3"): ("unknown", 99.1),
        ("finance-share", "sharepoint"): ("not_ready", None), ("records", "sharepoint"): ("conditions", 88.4),
        ("case-db/cases", "pg-cloud"): ("unknown", 90.9), ("case-db/archive", "pg-cloud"): ("ready", 100.0),
        ("payroll-db/payroll", "pg-cloud"): ("ready", 100.0),
    }  # fmt: skip
    readiness = tuple(
        Readiness(store, target, state, ("150 objects were judged by 5 checks.", "No blocker fails on what was seen." if state != "not_ready" else "A blocker fails: Not ready.", f"So the state is: {results.STATE_WORDS[state]}."), score, 4, (2.0, None if state == "unknown" else 18.5), 1 if state == "unknown" else 0)
        for (store, target), (state, score) in states.items()
    )  # fmt: skip
    return results.Judgement(rules, targets, tuple(verdicts), readiness, "rule-hours 1")


def build_graph() -> GraphResult:
    from report_estate import _KEYS, _TABLES  # noqa: PLC0415

    assets = [
        Asset("finance-share", "store", "share", "Finance share", "finance-share", "", "finance-share"),
        Asset("records", "store", "folder", "Records office", "records", "", "records"),
        Asset("drop", "store", "SFTP root", "Partner drop", "drop", "", "drop"),
        Asset("buckets/northmoor-web", "store", "bucket", "northmoor-web", "buckets", "northmoor-web", "buckets/northmoor-web"),
        Asset("buckets/northmoor-backups", "store", "bucket", "northmoor-backups", "buckets", "northmoor-backups", "buckets/northmoor-backups"),
        Asset("case-db/cases", "store", "database", "cases", "case-db", "cases", "case-db/cases"),
        Asset("payroll-db/payroll", "store", "database", "payroll", "payroll-db", "payroll", "payroll-db/payroll"),
        Asset("?ledger", "store", "unresolved", "LEDGER01.dbo", "", "", "", resolved=False),
        Asset("?old-crm", "store", "database", "crm-old: CRM", "", "", "", resolved=False),
    ]  # fmt: skip
    for (source, database, schema_), tables in _TABLES.items():
        if database == "archive":
            continue
        prefix = f"{database}/{schema_}/" if schema_ else f"{database}/"
        assets += [
            Asset(f"{source}/{prefix}{t}", "object", "table", t, source, prefix + t, f"{source}/{database}")
            for t in tables
        ]
    assets.append(
        Asset(
            "case-db/cases/public/v_open_claims",
            "object",
            "view",
            "v_open_claims",
            "case-db",
            "cases/public/v_open_claims",
            "case-db/cases",
        )
    )
    edges = [
        Edge(
            f"e{n:03}",
            f"{s}/{a}",
            f"{s}/{b}",
            "foreign_key",
            "declared",
            f"{a} fk_{n}",
            f"(c1) references {b.split('/')[-1]} (c0)",
        )
        for n, (s, a, b) in enumerate(_KEYS)
    ]
    edges += [
        Edge("e100", "case-db/cases/public/v_open_claims", "case-db/cases/public/claim", "view", "parsed", "cases/public/v_open_claims line 3", "FROM claim"),
        Edge("e101", "case-db/cases/public/v_open_claims", "case-db/cases/public/person", "view", "parsed", "cases/public/v_open_claims line 4", "JOIN person"),
        Edge("e102", "case-db/cases/public/v_open_claims", "?ledger", "view", "parsed", "cases/public/v_open_claims line 9", "LEDGER01.dbo.posting"),
        Edge("e103", "finance-share", "payroll-db/payroll", "connects", "parsed", "Budget/pay.udl, line 2", "Provider=MSDASQL;Server=db02;Database=payroll;Password=***", (PlaceOf("finance-share", "Budget/pay.udl", 2), PlaceOf("finance-share", "Budget/Overtime 2016.xlsx", None, "xl/connections.xml")), 14, "clients"),
        Edge("e104", "drop", "finance-share", "mention", "inferred", "inbound/fetch.bat, line 11", r"\\fs01\finance\Invoices", (PlaceOf("drop", "inbound/fetch.bat", 11),), 1, "scripts"),
        Edge("e105", "finance-share", "?old-crm", "connects", "parsed", "Templates/letters.config, line 31", "Server=crm-old;Database=CRM", (PlaceOf("finance-share", "Templates/letters.config", 31),), 1, "dotnet"),
        Edge("e106", "records", "case-db/cases/public/document", "reads", "parsed", "Scans/load.dtsx", "SELECT id FROM document", (PlaceOf("records", "Scans/load.dtsx", 210, "Load documents"),), 1, "ssis"),
        Edge("e107", "case-db/cases/public/payment", "payroll-db/payroll/employee", "foreign_table", "declared", "foreign table", "its rows are held by db02"),
    ]  # fmt: skip
    layer = {
        "grade": 0,
        "post": 1,
        "employee": 2,
        "payslip": 3,
        "absence": 3,
        "pension": 3,
        "person": 0,
        "team": 1,
        "caseworker": 1,
        "address": 2,
        "claim": 2,
        "payment": 3,
        "claim_note": 3,
        "document": 3,
        "v_open_claims": 3,
    }
    positions = {}
    for n, a in enumerate(assets):
        leaf = a.id.rpartition("/")[2]
        positions[a.id] = (layer.get(leaf, {"drop": 3, "finance-share": 2}.get(a.id, 0)) / 3, n / len(assets))
    waves = (
        Wave(1, tuple(WaveMember(x, "Nothing it depends on is still to move.") for x in ("buckets/northmoor-web", "buckets/northmoor-backups", "records")), (), ()),
        Wave(2, (WaveMember("case-db/cases", "Moves whole: its tables depend on each other."), WaveMember("payroll-db/payroll", "Depends on nothing outside itself.")), (("case-db/cases/public/team", "case-db/cases/public/caseworker"),), (1,)),
        Wave(3, (WaveMember("finance-share", "Depends on payroll-db/payroll, which moves in wave 2."),), (), (2,)),
        Wave(4, (WaveMember("drop", "Depends on finance-share, which moves in wave 3."),), (), (3,)),
    )  # fmt: skip
    blast = (
        Blast(
            "payroll-db/payroll/grade",
            1,
            5,
            ("payroll-db/payroll/post", "payroll-db/payroll/employee", "payroll-db/payroll/payslip"),
        ),
        Blast("case-db/cases/public/person", 3, 8, ("case-db/cases/public/address", "case-db/cases/public/claim")),
        Blast("case-db/cases/public/claim", 4, 4, ("case-db/cases/public/payment",)),
        Blast("finance-share", 1, 1, ("drop",)),
        Blast("drop", 0, 0, ()),
    )
    return GraphResult(
        assets=tuple(assets), edges=tuple(edges), cycles=(("case-db/cases/public/caseworker", "case-db/cases/public/team"),),
        waves=waves, cut_edges=("e103", "e104"), blast=blast,
        unparsed=(results.Unparsed("case-db", "cases/public/close_claim", "procedure", "the store does not show its text"),),
        positions=positions,
        load_order={"payroll-db/payroll": (("payroll/grade",), ("payroll/post",), ("payroll/employee",), ("payroll/absence", "payroll/payslip", "payroll/pension"))},
        **_referred(),
    )  # fmt: skip


def _referred() -> dict[str, object]:
    """What content refers to: references, the stores they lead to, what breaks, columns, copies."""
    udl, sheet = (
        PlaceOf("finance-share", "Budget/pay.udl", 2),
        PlaceOf("finance-share", "Budget/Overtime 2016.xlsx", None, "xl/connections.xml"),
    )
    bat, config = PlaceOf("drop", "inbound/fetch.bat", 11), PlaceOf("finance-share", "Templates/letters.config", 31)
    ref, managed, broken = results.Reference, results.Managed, results.Broken
    return {
        "references": (
            ref("r4", "drop", PlaceOf("drop", "outbound/send.sh", 4), "url", "sftp://${PARTNER}/in", "unresolved", "", "nothing defines PARTNER", "template", "writes", "scripts", ""),
            ref("r1", "finance-share", udl, "connection_string", "Provider=MSDASQL;Server=db02;Database=payroll;Password=***", "resolved", "payroll-db/payroll", "by server and database", "active", "connects", "clients", "J. Field"),
            ref("r2", "drop", bat, "unc", r"\\fs01\finance\Invoices", "resolved", "finance-share", "by share", "active", "mounts", "scripts", ""),
            ref("r5", "finance-share", PlaceOf("finance-share", "Templates/letters.config", 33), "connection_string", "Server=<server>", "inactive", "", "it is an example", "placeholder", "connects", "dotnet", ""),
        ),
        "tiers": {"resolved": 16, "unresolved": 1, "inactive": 1},
        "managed": (
            managed("?old-crm", "crm-old: CRM", "database", "referenced", "", "", 3, 2, ("finance-share",), (config,), _touched(), ("customers",), ("referred to, never scanned and not in the register", "1 store refers to it (+10)", "sensitive by its name or content: customers (+15)"), 25.0),
            managed("?ledger", "LEDGER01.dbo", "unresolved", "referenced", "", "", 1, 0, ("case-db",), (PlaceOf("case-db", "cases/public/v_open_claims", 9),), None, ("finance",), ("referred to, never scanned and not in the register", "1 store refers to it (+10)"), 10.0),
            managed("payroll-db/payroll", "payroll", "database", "scanned", "HR Systems", "payroll", 14, 9, ("finance-share",), (udl, sheet), _touched(), (), (), 0.0),
            managed("finance-share", "Finance share", "share", "scanned", "Finance IT", "finance", 1, 1, ("drop",), (bat,), None, (), (), 0.0),
            managed("?hr-mart", "hr-mart", "database", "known", "HR Systems", "hr-mart", 0, 0, (), (), None, (), (), 0.0),
            managed("buckets/tmp-export", "tmp-export", "bucket", "scanned", "", "", 0, 0, (), (), None, (), ("scanned, and not in the register",), 0.0),
        ),
        "broken": (
            broken("payroll-db/payroll", "e103", "finance-share", udl, "Provider=MSDASQL;Server=db02;Database=payroll;Password=***", "J. Field", "Change the connection string in pay.udl line 2 to the new server.", "parsed"),
            broken("payroll-db/payroll", "e103", "finance-share", sheet, "Provider=MSDASQL;Server=db02", "Finance IT", "Change the connection string in Overtime 2016.xlsx (xl/connections.xml) to the new server.", "parsed"),
            broken("finance-share", "e104", "drop", bat, r"\\fs01\finance\Invoices", "", "Map the mount in fetch.bat line 11 to the new place.", "inferred"),
        ),
        "broken_totals": {"payroll-db/payroll": 15, "finance-share": 1, "case-db/cases/public/person": 3},
        "columns": (
            results.ColumnEdge("case-db/cases/public/v_open_claims", "claimant", "case-db/cases/public/person", "c1", "value", "parsed"),
            results.ColumnEdge("case-db/cases/public/v_open_claims", "", "case-db/cases/public/claim", "c0", "condition", "parsed"),
        ),
        "copies": (
            results.Copies("file", "tithe-map-1843.tif", (("records", "Scans/tithe-map-1843.tif"), ("records", "Maps/tithe-map-1843.tif")), 2, 640_000_000, "same size and hash", "parsed"),
            results.Copies("table", "person", (("case-db/cases", "cases/public/person"), ("case-db/archive", "archive/public/person_2010")), 2, None, "same columns by name and type", "inferred"),
        ),
    }  # fmt: skip


def _touched() -> int:
    from report_estate import SCANNED  # noqa: PLC0415

    return SCANNED - 400 * 86_400_000_000


def build_changes() -> results.Changes:
    """The run before, with one source that is new and names nobody should be hurt by."""
    change = results.Change
    return results.Changes(
        0, 1,
        (
            results.Compared("drop", "", {"not_comparable": 3}, (12, 9), (4_000_000, 3_000_000), {"not_comparable": (1_000_000, 0)}),
            results.Compared("finance-share", "", {"added": 41, "removed": 2, "changed": 5}, (1_200, 1_239), (90_000_000_000, 96_000_000_000), {"added": (0, 7_000_000_000), "removed": (1_500_000_000, 0), "changed": (2_000_000_000, 2_500_000_000)}),
            results.Compared("legacy-nas", "it could not be scanned in run 1", {}, (30, 0), (None, None)),
            results.Compared("records", "run 0 did not scan it", {}, (0, 40), (None, 8_000_000)),
        ),
        (
            change("added", "finance-share", "finance-share", "Invoices/2026/<img src=x onerror=alert(1)>.pdf", "file", bytes=(None, 5_000_000_000)),
            change("added", "finance-share", "finance-share", "Budget 2027", "directory"),
            change("removed", "finance-share", "finance-share", "Invoices/2011/old.pst", "file", proof="Invoices/2011/ was listed to its end", bytes=(1_500_000_000, None)),
            change("changed", "finance-share", "finance-share", "Payroll.accdb", "file", ("size", "modified", "rights"), "size 2000000000, modified 1", "size 2500000000, modified 2", bytes=(2_000_000_000, 2_500_000_000)),
            change("not_comparable", "drop", "drop", "in/café \\xE9", "file", proof="in/ was not listed to its end", bytes=(1_000_000, None)),
        ),
    )  # fmt: skip
