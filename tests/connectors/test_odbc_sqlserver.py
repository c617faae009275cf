"""SQL Server's profile through real drivers, against a double whose tables are shaped like the documented views."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors.odbc import PLUG
from connectors.odbc.harvest import OdbcConnector
from scanner.connector import Session
from scanner.model import SourceError
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps
from scanner.testing.tds_double import Estate, TdsDouble, tds_double

pytestmark = pytest.mark.server

CATALOG = tomllib.loads((Path(__file__).parent.parent / "data" / "vendor_catalogs" / "sqlserver.toml").read_text())
PASSWORD, WRONG = "d0uble/Pw+3!", "wr0ng/Pw+7!"


@pytest.fixture(autouse=True, scope="module")
def secrets() -> Iterator[None]:
    os.environ.update(STOCKTAKE_TEST_MS=PASSWORD, STOCKTAKE_TEST_MS_WRONG=WRONG)
    yield
    del os.environ["STOCKTAKE_TEST_MS"], os.environ["STOCKTAKE_TEST_MS_WRONG"]


# --- the estate -------------------------------------------------------------------------------------------------------


def _views() -> str:
    """Every view the profile reads, empty, with every column its vendor documents."""
    made = []
    for view, told in CATALOG.items():
        schema, name = view.replace("msdb.dbo.", "msdb.").split(".")
        made.append(f'CREATE TABLE {schema}."{name}" ({", ".join(chr(34) + c + chr(34) for c in told["columns"])});')
    return "\n".join(made)


def _rows(view: str, columns: str, *rows: tuple[Any, ...]) -> str:
    def text(value: Any) -> str:
        return (
            "NULL" if value is None else str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
        )

    names = ", ".join(f'"{c}"' for c in columns.split())
    lines = ", ".join("(" + ", ".join(map(text, row)) + ")" for row in rows)
    return f"INSERT INTO {view} ({names}) VALUES {lines};"


def _server() -> list[str]:
    """What every database shows of the server: databases, accounts, links and jobs."""
    states = (
        "name state_desc create_date owner_sid collation_name compatibility_level recovery_model_desc is_trustworthy_on"
    )
    return [
        _views(),
        _rows("sys.all_objects", "name schema_id", ("external_tables", 4), ("external_data_sources", 4)),
        _rows(
            "sys.databases",
            states,
            ("master", "ONLINE", "2003-04-08 09:13:36", "sa", "Latin1_General_CI_AS", 150, "SIMPLE", 0),
            ("Sales", "ONLINE", "2020-01-02 00:00:00", "sa", "Latin1_General_CI_AS", 130, "FULL", 1),
            ("Archive", "OFFLINE", "2019-01-01 00:00:00", "sa", None, 100, "SIMPLE", 0),
        ),
        _rows(
            "sys.configurations", "name value_in_use", ("xp_cmdshell", 1), ("clr enabled", 0), ("fill factor (%)", 0)
        ),
        _rows(
            "sys.server_principals",
            "principal_id name type",
            (2, "public", "R"),
            (3, "sysadmin", "R"),
            (10, "scan", "S"),
            (11, "CORP\\dba", "G"),
        ),
        _rows("sys.server_role_members", "role_principal_id member_principal_id", (3, 10), (3, 11)),
        _rows(
            "sys.server_permissions",
            "class grantee_principal_id permission_name state",
            (100, 2, "VIEW ANY DATABASE", "G"),
            (100, 11, "CONTROL SERVER", "W"),
            (100, 10, "ALTER ANY LOGIN", "D"),
        ),
        _rows(
            "sys.servers",
            "server_id name product provider data_source provider_string catalog is_linked is_publisher is_subscriber"
            " is_distributor",
            (0, "SQL01", "SQL Server", "SQLNCLI", "SQL01", None, None, 0, 0, 0, 0),
            (1, "PAYROLL", "Oracle", "OraOLEDB.Oracle", "ora01:1521/PAY", "Password=hunter2-canary", None, 1, 0, 0, 0),
            (2, "OLD", "", "SQLNCLI", "sql00", None, "Ledger", 1, 0, 0, 0),
            (4, "DIST01", "SQL Server", "SQLNCLI", "dist01", None, None, 0, 0, 0, 1),
            (3, "SHEETS", "Access", "Microsoft.ACE.OLEDB.12.0", "\\\\fs01\\data\\rates.xlsx", None, None, 1, 0, 0, 0),
        ),
        _rows("msdb.sysjobs", "job_id name enabled", ("j1", "Nightly load", 1), ("j2", "Old report", 0)),
        _rows(
            "msdb.sysjobsteps",
            "job_id step_id step_name subsystem command database_name",
            ("j1", 2, "send", "CmdExec", "copy C:\\out\\x.csv \\\\fs01\\in", None),
            ("j1", 1, "load", "TSQL", "EXEC dbo.LoadRates", "Sales"),
            ("j2", 1, "run", "TSQL", "SELECT 1", "Sales"),
        ),
    ]


def _sales() -> list[str]:
    """One database: its catalog, and the rows of one table."""
    people = "principal_id name type"
    objects = "object_id schema_id parent_object_id name type create_date is_ms_shipped"
    columns = (
        "object_id column_id name system_type_id user_type_id max_length "
        "precision scale is_nullable is_identity is_computed collation_name"
    )
    module = "object_id definition"
    return [
        'CREATE TABLE dbo."Customer" ("CustomerID", "Name");',
        _rows("dbo.Customer", "CustomerID Name", (1, "Åse " + "x" * 5000), (2, None), (3, "c")),
        _rows(
            "sys.database_principals",
            people,
            (0, "public", "R"),
            (1, "dbo", "S"),
            (2, "guest", "S"),
            (5, "clerks", "R"),
            (6, "scan", "S"),
            (16384, "db_owner", "R"),
            (16390, "db_datareader", "R"),
        ),
        _rows("sys.database_role_members", "role_principal_id member_principal_id", (16384, 6), (5, 6)),
        _rows(
            "sys.schemas",
            "schema_id name principal_id",
            (1, "dbo", 1),
            (2, "guest", 2),
            (4, "sys", 4),
            (5, 'Od/d "names"', 1),
            (16384, "db_owner", 16384),
        ),
        _rows(
            "sys.objects",
            objects,
            (100, 1, 0, "Customer", "U", "2020-01-02 00:00:00", 0),
            (101, 1, 0, "OrderLine", "U", "2020-01-03 00:00:00", 0),
            (102, 1, 0, "vCustomer", "V", "2020-01-03 00:00:00", 0),
            (103, 1, 0, "vTotals", "V", "2020-01-03 00:00:00", 0),
            (104, 1, 0, "Rates", "SN", "2020-01-03 00:00:00", 0),
            (105, 1, 0, "OrderNumber", "SO", "2020-01-03 00:00:00", 0),
            (106, 1, 0, "LoadRates", "P", "2020-01-03 00:00:00", 0),
            (107, 1, 0, "Secret", "P", "2020-01-03 00:00:00", 0),
            (108, 1, 101, "OrderLine_audit", "TR", "2020-01-03 00:00:00", 0),
            (109, 1, 0, "sysdiagrams", "U", "2020-01-03 00:00:00", 1),
            (110, 5, 0, 'a/b]"; DROP TABLE x', "U", "2020-01-03 00:00:00", 0),
        ),
        _rows("sys.views", "object_id schema_id name is_ms_shipped", (102, 1, "vCustomer", 0), (103, 1, "vTotals", 0)),
        _rows(
            "sys.types",
            "name system_type_id user_type_id is_user_defined",
            ("int", 56, 56, 0),
            ("nvarchar", 231, 231, 0),
            ("decimal", 106, 106, 0),
            ("geography", 240, 130, 0),
            ("datetime2", 42, 42, 0),
        ),
        _rows(
            "sys.columns",
            columns,
            (100, 1, "CustomerID", 56, 56, 4, 10, 0, 0, 1, 0, None),
            (100, 3, "Name", 231, 231, 100, 0, 0, 0, 0, 0, "Latin1_General_BIN2"),
            (100, 4, "Notes", 231, 231, -1, 0, 0, 1, 0, 0, "Latin1_General_CI_AS"),
            (100, 5, "Place", 240, 130, -1, 0, 0, 1, 0, 0, None),
            (101, 1, "CustomerID", 56, 56, 4, 10, 0, 0, 0, 0, None),
            (101, 2, "Line", 56, 56, 4, 10, 0, 0, 0, 0, None),
            (101, 3, "Price", 106, 106, 9, 19, 4, 1, 0, 0, None),
            (101, 4, "Gross", 106, 106, 9, 19, 4, 1, 0, 1, None),
            (101, 5, "Placed", 42, 42, 8, 27, 7, 0, 0, 0, None),
        ),
        _rows("sys.default_constraints", "parent_object_id parent_column_id definition", (101, 3, "((0))")),
        _rows("sys.computed_columns", "object_id column_id definition", (101, 4, "([Price]*(1.2))")),
        _rows(
            "sys.extended_properties",
            "class major_id minor_id name value",
            (1, 100, 0, "MS_Description", "Who buys"),
            (1, 100, 3, "MS_Description", "As on the invoice"),
            (3, 1, 0, "MS_Description", "All of it"),
        ),
        _rows(
            "sys.indexes",
            "object_id index_id name type is_unique "
            "is_primary_key is_unique_constraint is_hypothetical has_filter data_space_id",
            (100, 1, "PK_Customer", 1, 1, 1, 0, 0, 0, 1),
            (100, 2, "IX_Name", 2, 0, 0, 0, 0, 0, 1),
            (101, 1, "PK_OrderLine", 1, 1, 1, 0, 0, 0, 65601),
            (101, 2, "CCI", 6, 0, 0, 0, 0, 0, 1),
            (103, 1, "UX_Totals", 1, 1, 0, 0, 0, 0, 1),
        ),
        _rows(
            "sys.index_columns",
            "object_id index_id index_column_id column_id key_ordinal partition_ordinal",
            (100, 1, 1, 1, 1, 0),
            (100, 2, 1, 3, 1, 0),
            (100, 2, 2, 4, 0, 0),
            (101, 1, 1, 1, 1, 0),
            (101, 1, 2, 2, 2, 1),
            (101, 2, 1, 3, 0, 0),
        ),
        _rows(
            "sys.key_constraints",
            "object_id name parent_object_id type unique_index_id",
            (200, "PK_Customer", 100, "PK", 1),
            (201, "PK_OrderLine", 101, "PK", 1),
        ),
        _rows(
            "sys.foreign_keys",
            "object_id name parent_object_id "
            "referenced_object_id delete_referential_action_desc update_referential_action_desc",
            (300, "FK_Line_Customer", 101, 100, "SET_NULL", "NO_ACTION"),
        ),
        _rows(
            "sys.foreign_key_columns",
            "constraint_object_id constraint_column_id parent_object_id "
            "parent_column_id referenced_object_id referenced_column_id",
            (300, 1, 101, 1, 100, 1),
        ),
        _rows(
            "sys.partitions",
            "partition_id object_id index_id hobt_id rows",
            (1, 100, 1, 1, 1200),
            (2, 100, 2, 2, 1200),
            (3, 101, 1, 3, 5000),
            (4, 101, 1, 4, 7000),
            (5, 103, 1, 5, 1),
        ),
        _rows(
            "sys.allocation_units",
            "container_id type total_pages used_pages",
            (1, 1, 20, 16),
            (1, 2, 8, 5),
            (2, 1, 4, 3),
            (3, 1, 10, 9),
            (4, 1, 10, 10),
            (5, 1, 2, 2),
        ),
        _rows(
            "sys.dm_db_index_usage_stats",
            "database_id object_id index_id last_user_seek last_user_scan last_user_lookup last_user_update",
            (7, 100, 1, "2025-03-01 00:00:00", "2025-04-01 00:00:00", None, "2024-01-01 00:00:00"),
            (8, 101, 1, "2025-03-01 00:00:00", None, None, None),
        ),
        _rows(
            "sys.synonyms", "object_id schema_id name base_object_name", (104, 1, "Rates", "[PAYROLL].[x].[hr].[Rates]")
        ),
        _rows(
            "sys.sql_modules",
            module,
            (102, "CREATE VIEW dbo.vCustomer AS SELECT Name FROM dbo.Customer"),
            (103, "CREATE VIEW dbo.vTotals WITH SCHEMABINDING AS SELECT COUNT_BIG(*) AS n FROM dbo.OrderLine"),
            (
                106,
                "CREATE PROC dbo.LoadRates AS SELECT * FROM OPENROWSET(BULK '\\\\fs01\\in\\rates.csv', SINGLE_CLOB) r",
            ),
            (108, "CREATE TRIGGER dbo.OrderLine_audit ON dbo.OrderLine AFTER INSERT AS RETURN"),
        ),
        _rows(
            "sys.triggers",
            "object_id parent_id parent_class name type is_ms_shipped",
            (108, 101, 1, "OrderLine_audit", "TR", 0),
        ),
        _rows(
            "sys.sql_expression_dependencies",
            "referencing_id referenced_server_name "
            "referenced_database_name referenced_schema_name referenced_entity_name",
            (106, "OLD", "Ledger", "dbo", "Rates"),
            (106, None, "Archive", "dbo", "Rates"),
            (106, None, None, "dbo", "Customer"),
        ),
        _rows(
            "sys.database_permissions",
            "class major_id minor_id grantee_principal_id permission_name state",
            (1, 100, 0, 0, "SELECT", "G"),
            (1, 101, 0, 5, "DELETE", "D"),
            (3, 1, 0, 5, "EXECUTE", "G"),
            (0, 0, 0, 2, "CONNECT", "G"),
        ),
        _rows("sys.partition_schemes", "data_space_id name function_id", (65601, "ByLine", 65536)),
        _rows("sys.partition_functions", "function_id name fanout", (65536, "Lines", 2)),
        _rows("sys.database_files", "file_id name physical_name size", (1, "Sales", "E:\\data\\Sales.mdf", 1024)),
        _rows(
            "sys.external_data_sources",
            "data_source_id name location",
            (1, "lake", "wasbs://c@acct.blob.core.windows.net"),
        ),
    ]


def _estate(**more: Any) -> Estate:
    told = {
        "SERVERPROPERTY(ProductVersion)": "15.0.4153.1",
        "SERVERPROPERTY(Edition)": "Standard Edition (64-bit)",
        "SERVERPROPERTY(Collation)": "Latin1_General_CI_AS",
        "CONNECTIONPROPERTY(net_transport)": "TCP",
        "SUSER_SNAME(sa)": "sa",
        "DB_ID()": 7,
        "HAS_PERMS_BY_NAME(None, None, VIEW SERVER STATE)": 1,
    }
    return Estate(databases={"Sales": _sales()}, common=_server(), closed=["Archive"], **{"functions": told, **more})


# --- drivers ----------------------------------------------------------------------------------------------------------


def _microsoft() -> str:
    """The proprietary driver of the extra ``mssql-driver``."""
    import mssql_python_odbc  # noqa: PLC0415 - installed by its own extra alone

    folder = Path(mssql_python_odbc.__file__).parent / "libs" / "linux" / "debian_ubuntu" / "x86_64" / "lib"
    return str(next(folder.glob("libmsodbcsql-*.so*")))


def _settings(server: TdsDouble, driver: str = "FreeTDS", **more: object) -> dict[str, object]:
    if driver == "FreeTDS":
        place = f"DRIVER={{FreeTDS}};SERVER={server.host};PORT={server.port};TDS_Version=7.4;Encryption=off"
    else:
        place = f"DRIVER={_microsoft()};SERVER={server.host},{server.port};Encrypt=no"
    return {"connection": place, "user": server.user, "password": "env:STOCKTAKE_TEST_MS", **more}


def _connector(settings: dict[str, object]) -> OdbcConnector:
    connector = PLUG.open(PLUG.options.model_validate(settings), Session("sales", Pace(), 10.0))
    assert isinstance(connector, OdbcConnector)
    return connector


def _crawl(settings: dict[str, object]) -> Crawl:
    with closing(_connector(settings)) as connector:
        return crawl_all(connector)


@pytest.fixture(scope="module")
def server() -> Iterator[TdsDouble]:
    with tds_double(_estate()) as running:
        yield running


@pytest.fixture(
    scope="module", params=["FreeTDS", pytest.param("Microsoft", marks=pytest.mark.full)], ids=["freetds", "microsoft"]
)
def found(request: pytest.FixtureRequest, server: TdsDouble) -> Crawl:
    return _crawl(_settings(server, request.param))


def _facts(crawl: Crawl, schema: str, *columns: str) -> set[tuple[Any, ...]]:
    return {
        tuple(tuple(v) if isinstance(v, list) else v for v in (r.get(c) for c in columns))
        for r in crawl.records(schema)
    }


def _at(year: int, month: int, day: int) -> int:
    """Midnight of the server, whose clock is an hour ahead of UTC."""
    return int(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp() - 3600) * 1_000_000


# --- what is found ----------------------------------------------------------------------------------------------------


def test_every_table_view_synonym_and_sequence_is_there_and_the_ledger_balances(found: Crawl) -> None:
    assert _facts(found, "entry", "parent", "name", "kind") == {
        ("", "Sales", "database"),
        ("", "Archive", "database"),
        ("Sales/", "dbo", "schema"),
        ("Sales/", 'Od\\x2Fd "names"', "schema"),
        ("Sales/dbo/", "Customer", "table"),
        ("Sales/dbo/", "OrderLine", "table"),
        ("Sales/dbo/", "vCustomer", "view"),
        ("Sales/dbo/", "vTotals", "materialized_view"),
        ("Sales/dbo/", "Rates", "synonym"),
        ("Sales/dbo/", "OrderNumber", "sequence"),
        ('Sales/Od\\x2Fd "names"/', 'a\\x2Fb]"; DROP TABLE x', "table"),
    }
    assert ledger_gaps(found) == []
    assert found.entries["Sales/dbo/Rates"]["target"] == "[PAYROLL].[x].[hr].[Rates]"


def test_sizes_rows_and_last_use_are_those_of_the_servers_own_statistics(found: Crawl) -> None:
    customer, line = found.entries["Sales/dbo/Customer"], found.entries["Sales/dbo/OrderLine"]
    assert (customer["size"], customer["allocated"], customer["rows"]) == (21 * 8192, 32 * 8192, 1200)
    assert (line["size"], line["rows"], line["subtype"]) == (19 * 8192, 12000, "partitioned")
    assert customer["created"] == _at(2020, 1, 2)
    assert (customer["modified"], customer["accessed"]) == (_at(2024, 1, 1), _at(2025, 4, 1))
    assert (line["modified"], line["accessed"]) == (None, None)
    assert found.entries["Sales/dbo/vCustomer"]["rows"] is None


def test_columns_are_as_declared(found: Crawl) -> None:
    columns = (
        "name",
        "position",
        "type",
        "length",
        "precision",
        "scale",
        "nullable",
        "default",
        "generated",
        "lob",
        "collation",
    )
    told = {r["path"]: [] for r in found.records("column")}
    for r in found.records("column"):
        told[r["path"]].append(tuple(r[c] for c in columns))
    assert told == {
        "Sales/dbo/Customer": [
            ("CustomerID", 1, "int", None, None, None, False, None, True, False, None),
            ("Name", 2, "nvarchar(50)", 50, None, None, False, None, False, False, "Latin1_General_BIN2"),
            ("Notes", 3, "nvarchar(max)", None, None, None, True, None, False, True, None),
            ("Place", 4, "geography", None, None, None, True, None, False, True, None),
        ],
        "Sales/dbo/OrderLine": [
            ("CustomerID", 1, "int", None, None, None, False, None, False, False, None),
            ("Line", 2, "int", None, None, None, False, None, False, False, None),
            ("Price", 3, "decimal(19,4)", None, 19, 4, True, "((0))", False, False, None),
            ("Gross", 4, "decimal(19,4)", None, 19, 4, True, "([Price]*(1.2))", True, False, None),
            ("Placed", 5, "datetime2(7)", None, 7, None, False, None, False, False, None),
        ],
    }
    assert ("Sales/dbo/Customer", "comment", "Who buys") in _facts(found, "setting", "path", "name", "value")
    assert ("Name", "As on the invoice") in _facts(found, "column", "name", "comment")


def test_keys_and_indexes_are_in_key_order_and_without_what_is_only_carried_along(found: Crawl) -> None:
    told = _facts(found, "key", "path", "name", "kind", "columns", "ref_path", "ref_columns", "on_delete", "on_update")
    nothing = (None, None, None, None)
    assert told == {
        ("Sales/dbo/Customer", "PK_Customer", "primary", ("CustomerID",), *nothing),
        ("Sales/dbo/OrderLine", "PK_OrderLine", "primary", ("CustomerID", "Line"), *nothing),
        ("Sales/dbo/Customer", "IX_Name", "index", ("Name",), *nothing),
        ("Sales/dbo/OrderLine", "CCI", "index", ("Price",), *nothing),
        (
            "Sales/dbo/OrderLine", "FK_Line_Customer", "foreign", ("CustomerID",),
            "Sales/dbo/Customer", ("CustomerID",), "SET NULL", "NO ACTION",
        ),
    }  # fmt: skip


def test_texts_of_views_routines_triggers_and_jobs_are_whole(found: Crawl) -> None:
    told = {r["path"]: (r["kind"], r["definition"]) for r in found.records("routine")}
    assert set(told) == {
        "Nightly load", "Old report", "Sales/dbo/vCustomer", "Sales/dbo/vTotals", "Sales/dbo/LoadRates",
        "Sales/dbo/Secret", "Sales/dbo/OrderLine/OrderLine_audit",
    }  # fmt: skip
    assert told["Sales/dbo/vCustomer"] == ("view", "CREATE VIEW dbo.vCustomer AS SELECT Name FROM dbo.Customer")
    assert told["Sales/dbo/Secret"] == ("procedure", None)
    assert told["Sales/dbo/vTotals"][0] == "materialized_view"
    kind, steps = told["Nightly load"]
    assert kind == "job"
    assert str(steps).index("EXEC dbo.LoadRates") < str(steps).index("\\\\fs01\\in")
    languages = _facts(found, "routine", "path", "language")
    assert ("Old report", "agent job, disabled") in languages


def test_what_leads_elsewhere_is_mentioned_without_secrets(found: Crawl) -> None:
    assert _facts(found, "mention", "path", "part", "kind", "locator") == {
        ("", "PAYROLL", "server_link", "ora01:1521/PAY"),
        ("", "DIST01", "server_link", "dist01"),
        ("", "OLD", "server_link", "sql00/Ledger"),
        ("", "SHEETS", "path", "\\\\fs01\\data\\rates.xlsx"),
        ("Sales", "lake", "url", "wasbs://c@acct.blob.core.windows.net"),
        ("Sales/dbo/Rates", "Rates", "server_link", "[PAYROLL].[x].[hr].[Rates]"),
        ("Sales/dbo/LoadRates", "LoadRates", "server_link", "OLD.Ledger.dbo.Rates"),
        ("Sales/dbo/LoadRates", "LoadRates", "table", "Archive.dbo.Rates"),
        ("Sales/dbo/LoadRates", "LoadRates", "path", "\\\\fs01\\in\\rates.csv"),
    }
    assert "hunter2-canary" not in repr(found)


def test_fault_067_an_account_that_may_do_too_much_and_what_is_open_to_all_are_told(found: Crawl) -> None:
    """The scanning account is in sysadmin and db_owner; Customer is open to PUBLIC, the database to guest."""
    assert _facts(found, "member", "path", "group", "member", "member_kind") == {
        ("", "sysadmin", "scan", "user"),
        ("", "sysadmin", "CORP\\dba", "group"),
        ("Sales", "db_owner", "scan", "user"),
        ("Sales", "clerks", "scan", "user"),
    }
    rights = _facts(found, "grant", "path", "grantee", "grantee_kind", "right", "effect", "inherited", "native")
    assert {
        ("", "public", "authenticated", "list", "allow", False, "VIEW ANY DATABASE"),
        ("", "sysadmin", "role", "full", "allow", False, "fixed role sysadmin"),
        ("", "CORP\\dba", "group", "full", "allow", False, "CONTROL SERVER"),
        ("", "scan", "user", "change_permissions", "deny", False, "ALTER ANY LOGIN"),
        ("Sales/dbo/Customer", "public", "authenticated", "read", "allow", False, "SELECT"),
        ("Sales/dbo/OrderLine", "clerks", "role", "delete", "deny", False, "DELETE"),
        ("Sales/dbo", "clerks", "role", "execute", "allow", False, "EXECUTE"),
        ("Sales/dbo", "guest", "authenticated", "list", "allow", True, "CONNECT"),
        ("Sales/dbo", "db_owner", "role", "full", "allow", True, "fixed role db_owner"),
    } <= rights


def test_settings_are_told_and_what_the_server_would_not_say_is_unknown(found: Crawl) -> None:
    told = {(r["path"], r["name"]): r["value"] for r in found.records("setting")}
    assert told["", "server_version"] == "15.0.4153.1"
    assert told["", "xp_cmdshell"] == "1"
    assert told["", "instance_name"] is None
    assert (told["Sales", "compatibility_level"], told["Sales", "is_trustworthy"]) == ("130", "1")
    assert told["Sales", "database_bytes"] == str(1024 * 8192)
    assert told["Sales", "file.Sales"] == "E:\\data\\Sales.mdf"
    parts = {n: v for (path, n), v in told.items() if path == "Sales/dbo/OrderLine"}
    assert parts == {
        "partition_key": "Line", "partition_scheme": "ByLine", "partition_function": "Lines", "partitions": "2",
    }  # fmt: skip


# --- how it is asked --------------------------------------------------------------------------------------------------


def test_fault_071_a_database_that_cannot_be_opened_is_a_fault_and_no_end_of_the_scan(found: Crawl) -> None:
    """SQL Server says "Login failed" of it as well, and FreeTDS hands on nothing but that."""
    assert [(f.path, f.op, f.reason) for f in found.faults] == [("Archive/", "list", "DENIED")]


def test_a_wrong_password_is_one_attempt_whatever_asks_again(server: TdsDouble) -> None:
    before = len(server.logins())
    with closing(_connector(_settings(server, password="env:STOCKTAKE_TEST_MS_WRONG"))) as connector:
        for _ in range(3):
            with pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert raised.value.code == "AUTH_REFUSED"
            assert WRONG not in str(raised.value)
    assert server.logins()[before:] == ["scan refused"]


def test_a_server_without_encryption_gets_no_login_unless_the_connection_says_so(server: TdsDouble) -> None:
    before = len(server.logins())
    plain = str(_settings(server)["connection"]).replace(";Encryption=off", "")
    with (
        closing(_connector(_settings(server) | {"connection": plain})) as connector,
        pytest.raises(SourceError),
    ):
        list(connector.roots())
    assert server.logins()[before:] == []


def test_fault_067_nothing_but_questions_and_session_settings_reaches_the_server(
    found: Crawl, server: TdsDouble
) -> None:
    said = server.said("batch") + server.said("rpc")
    assert len(said) > 40
    allowed = (
        "SELECT",
        "SET QUOTED_IDENTIFIER ON",
        "SET LOCK_TIMEOUT 1000",
        "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
    )
    drivers = ("sp_datatype_info", "IF @@TRANCOUNT", "SET TEXTSIZE", "SET ")  # what FreeTDS asks on its own
    assert [text for text in said if not text.lstrip().startswith((*allowed, *drivers))] == []


def test_fault_072_a_hostile_name_travels_as_a_value_and_never_as_text(found: Crawl, server: TdsDouble) -> None:
    assert 'Sales/Od\\x2Fd "names"/a\\x2Fb]"; DROP TABLE x' in found.entries
    assert not [text for text in server.said("batch") + server.said("rpc") if "DROP TABLE" in text or "Od/d" in text]


def test_fault_065_a_question_that_takes_too_long_is_called_off_and_the_rest_goes_on() -> None:
    with tds_double(_estate(slow=[(r"sys\.foreign_keys", 30.0)])) as server:
        crawl = _crawl(_settings(server, query_timeout_s=1.0))
        called_off = server.said("attention")
    late = [f for f in crawl.faults if f.op == "query"]
    assert {(f.path, f.reason) for f in late} == {("Sales/dbo", "TIMEOUT"), ('Sales/Od\\x2Fd "names"', "TIMEOUT")}
    assert called_off
    assert "PK_Customer" in {r["name"] for r in crawl.records("key")}
    assert crawl.records("grant")


def test_a_fact_that_is_denied_is_a_fault_of_its_own() -> None:
    refused = [(r"msdb\.dbo", 229, "The SELECT permission was denied on the object 'sysjobs'")]
    with tds_double(_estate(refused=refused)) as server:
        crawl = _crawl(_settings(server))
    assert ("", "query") in {(f.path, f.op) for f in crawl.faults}
    assert not [r for r in crawl.records("routine") if r["kind"] == "job"]
    assert "Sales/dbo/Customer" in crawl.entries


def test_without_view_server_state_last_use_is_unknown_and_all_else_is_there() -> None:
    functions = {k: v for k, v in _estate().functions.items() if "VIEW SERVER STATE" not in k}
    with tds_double(_estate(functions=functions)) as server:
        crawl = _crawl(_settings(server))
        assert not [text for text in server.said("rpc") if "dm_db_index_usage_stats" in text]
    assert crawl.entries["Sales/dbo/Customer"]["rows"] == 1200
    assert crawl.entries["Sales/dbo/Customer"].get("accessed") is None


def test_no_more_rows_are_sampled_than_were_asked_for_and_long_values_are_cut(server: TdsDouble) -> None:
    with closing(_connector(_settings(server))) as connector:
        names, rows = connector.sample("Sales/dbo/Customer", 2)
    assert names == ("CustomerID", "Name")
    assert [row[1] for row in rows] == [("Åse " + "x" * 5000)[:4096], None]
