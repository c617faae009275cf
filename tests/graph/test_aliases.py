"""Every way in which a file gives a place a name, and what uses of that name lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scanner.graph import build

if TYPE_CHECKING:
    from scanner.results import GraphResult, Reference
    from tests.graph.conftest import Estate


def says(estate: Estate, path: str, kind: str, locator: str, source: str = "files", **more: Any) -> None:
    more = {"extractor": "some-format", "line": 1} | more
    estate.fact("mention", source, path, kind=kind, locator=locator, **more)


def led(result: GraphResult, locator: str) -> str:
    return told(result, locator).target


def told(result: GraphResult, locator: str) -> Reference:
    return next(r for r in result.references if r.locator == locator)


@pytest.fixture
def house(estate: Estate) -> Estate:
    """A share, an SFTP host, a SQL Server with two databases, PostgreSQL, Oracle and a bucket; notes lie in a share."""
    estate.source("files", locator="\\\\app01\\apps")
    estate.entry("files", "apps", "directory", subtype="share")
    estate.source("fs", locator="\\\\fs01\\finance")
    estate.entry("fs", "finance/in/a.csv", "file")
    estate.source("drop", deep=False, locator="sftp://scan@drop.corp/data", kind="sftp")
    estate.source("ms", locator="odbc:DRIVER={ODBC Driver 17 for SQL Server};SERVER=db01")
    estate.database("ms", "Payroll", "dbo")
    estate.entry("ms", "Payroll/dbo/staff")
    estate.database("ms", "Sales", "dbo")
    estate.source("pg", locator="odbc:DRIVER={PostgreSQL Unicode};SERVER=pg01;PORT=5433;Database=crm")
    estate.database("pg", "crm", "public")
    estate.source("ora", locator="odbc:DRIVER={Oracle 19};DBQ=ora01:1521/PAY")
    estate.entry("ora", "PAY.CORP.EXAMPLE", "database")
    estate.source("s3", locator="s3://archive?endpoint=http://minio.corp:9000")
    estate.stores["s3/archive"] = ("s3", "archive", "bucket")
    return estate


def test_a_data_source_name_leads_where_odbc_ini_says(house: Estate) -> None:
    says(house, "apps/etc/odbc.ini", "connection_string", "Driver=SQL Server;Server=DB01;Database=payroll",
         alias="PAYDSN", action="defines")  # fmt: skip
    says(house, "x.cmd", "connection_string", "DSN=paydsn;UID=app", source="fs")
    says(house, "y.cmd", "connection_string", "DSN=paydsn;DATABASE=Sales", source="fs")
    result = build(house.reader())
    assert led(result, "DSN=paydsn;UID=app") == "ms/Payroll"
    assert "apps/etc/odbc.ini:1" in told(result, "DSN=paydsn;UID=app").why
    assert led(result, "DSN=paydsn;DATABASE=Sales") == "ms/Sales"


def test_a_tns_name_and_a_service_with_its_domain(house: Estate) -> None:
    text = "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=ora01)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=pay.corp.example)))"
    says(house, "apps/tnsnames.ora", "connection_string", text, alias="PAYPROD", action="defines", driver="oracle")
    says(house, "a.properties", "connection_string", "jdbc:oracle:thin:@PAYPROD", source="fs")
    says(house, "b.properties", "connection_string", "jdbc:oracle:thin:@ora01:1521:PAY", source="fs")
    result = build(house.reader())
    assert led(result, "jdbc:oracle:thin:@PAYPROD") == "ora/PAY.CORP.EXAMPLE"
    assert led(result, "jdbc:oracle:thin:@ora01:1521:PAY") == "ora/PAY.CORP.EXAMPLE"


def test_a_jndi_name_is_shared_by_the_whole_estate(house: Estate) -> None:
    says(house, "apps/jboss/pay-ds.xml", "connection_string", "jdbc:sqlserver://db01:1433;databaseName=Payroll",
         alias="java:jboss/datasources/PayDS", action="connects")  # fmt: skip
    says(house, "persistence.xml", "reference", "java:jboss/datasources/PayDS", source="fs", action="connects")
    result = build(house.reader())
    assert led(result, "java:jboss/datasources/PayDS") == "ms/Payroll"


def test_a_connection_manager_is_found_beside_the_package_and_not_elsewhere(house: Estate) -> None:
    for folder, database in (("etl", "Payroll"), ("other", "Sales")):
        says(house, f"apps/{folder}/DW.conmgr", "connection_string", f"Data Source=db01;Initial Catalog={database}",
             alias="DW", action="connects")  # fmt: skip
    says(house, "apps/etl/Load.dtsx", "sql", "SELECT * FROM dbo.staff", via="DW", line=8)
    says(house, "Load.dtsx", "sql", "SELECT 1 FROM dbo.staff", source="fs", via="DW")
    result = build(house.reader())
    assert led(result, "SELECT * FROM dbo.staff") == "ms/Payroll"
    assert ("files/apps", "ms/Payroll/dbo/staff", "reads") in {(e.source, e.target, e.kind) for e in result.edges}
    assert told(result, "SELECT 1 FROM dbo.staff").tier == "unresolved"


def test_a_shared_data_source_of_reports_lies_in_another_folder(house: Estate) -> None:
    says(house, "apps/rs/Data Sources/DW.rds", "connection_string", "Data Source=db01;Initial Catalog=Sales",
         alias="DW", action="connects", driver="SQL")  # fmt: skip
    says(house, "apps/rs/Pay/R.rdl", "reference", "/Data Sources/DW", alias="ds1", action="connects")
    says(house, "apps/rs/Pay/R.rdl", "sql", "SELECT * FROM orders", via="ds1", line=3)
    result = build(house.reader())
    assert led(result, "/Data Sources/DW") == "ms/Sales"
    assert led(result, "SELECT * FROM orders") == "ms/Sales"


def test_a_drive_is_that_of_the_script_before_that_of_the_folder(house: Estate) -> None:
    says(house, "apps/a/map.cmd", "unc", "\\\\fs01\\finance", alias="H:", action="mounts")
    says(house, "apps/a/own.cmd", "unc", "\\\\nas9\\old", alias="h:", action="mounts")
    says(house, "apps/a/own.cmd", "path", "H:\\in\\own.csv", line=2)
    says(house, "apps/a/use.cmd", "path", "H:\\in\\a.csv")
    says(house, "apps/use.cmd", "path", "Z:\\in\\a.csv")
    result = build(house.reader())
    assert led(result, "H:\\in\\own.csv") == "?\\\\nas9\\old"
    assert led(result, "Z:\\in\\a.csv") == ""
    assert told(result, "Z:\\in\\a.csv").why == "drive Z: is of whichever machine uses it"
    # Two files of the folder say what H: is: the first is taken, and only as a guess.
    assert led(result, "H:\\in\\a.csv") == "fs/finance"
    assert next(e for e in result.edges if e.target == "fs/finance" and e.kind == "mention").confidence == "inferred"


def test_a_mount_of_a_host_makes_its_paths_those_of_a_share(house: Estate) -> None:
    says(house, "etc/fstab", "unc", "//fs01/finance", source="drop", alias="/mnt/fin", action="mounts")
    says(house, "run.sh", "path", "/mnt/fin/in/a.csv", source="drop", action="reads")
    says(house, "run.sh", "path", "/data/x", source="drop")
    says(house, "run.sh", "path", "/usr/bin/psql", source="drop", line=4)
    result = build(house.reader())
    assert led(result, "/mnt/fin/in/a.csv") == "fs/finance"
    assert led(result, "/data/x") == "drop"
    assert told(result, "/data/x").why.endswith("no such file was listed")
    assert "no such file" not in told(result, "/mnt/fin/in/a.csv").why
    assert told(result, "/usr/bin/psql").why == "a path of drop.corp that no source covers"


def test_a_dfs_link_leads_to_the_share_behind_it(house: Estate) -> None:
    house.source("ns", locator="\\\\corp.example\\dfs")
    house.entry("ns", "dfs/Teams/Money", "link", subtype="dfs", target="\\x5C\\x5Cfs01\\x5Cfinance")
    says(house, "apps/a.cmd", "unc", "\\\\CORP.example\\DFS\\teams\\money\\in\\a.csv")
    says(house, "apps/a.cmd", "unc", "\\\\corp.example\\dfs\\Other\\x", line=2)
    result = build(house.reader())
    assert led(result, "\\\\CORP.example\\DFS\\teams\\money\\in\\a.csv") == "fs/finance"
    assert led(result, "\\\\corp.example\\dfs\\Other\\x") == "ns/dfs"


def test_lists_of_hosts_put_short_names_addresses_and_other_names_to_one_host(house: Estate) -> None:
    for alias, target in (("fs01", "10.0.0.5"), ("fs01.corp.example", "10.0.0.5"), ("localhost", "127.0.0.1")):
        says(house, "apps/it/hosts", "host", target, alias=alias, action="defines", origin="hosts")
    says(house, "apps/it/corp.zone", "host", "fs01.corp.example", alias="files", action="defines", origin="zone/CNAME")
    for line, host in enumerate(("fs01.corp.example", "10.0.0.5", "FILES", "fs02"), 1):
        says(house, "apps/a.cmd", "unc", f"\\\\{host}\\Finance\\in", line=line)
    result = build(house.reader())
    for host in ("fs01.corp.example", "10.0.0.5", "FILES"):
        assert led(result, f"\\\\{host}\\Finance\\in") == "fs/finance"
    assert led(result, "\\\\fs02\\Finance\\in") == "?\\\\fs02\\finance"


def test_a_name_in_a_list_of_hosts_defines_no_variable(house: Estate) -> None:
    says(house, "apps/hosts", "host", "10.0.0.5", alias="db", action="defines", origin="hosts")
    says(house, "apps/app.conf", "connection_string", "Driver={SQL Server};Server=${DB};Database=x", status="template")
    result = build(house.reader())
    assert told(result, "Driver={SQL Server};Server=${DB};Database=x").tier == "unresolved"


def test_a_name_with_two_addresses_joins_nothing(house: Estate) -> None:
    for target in ("10.0.0.5", "10.0.0.6"):
        says(house, f"apps/{target}/hosts", "host", target, alias="fs01", action="defines", origin="hosts")
    says(house, "apps/a.cmd", "unc", "\\\\10.0.0.5\\finance")
    assert led(build(house.reader()), "\\\\10.0.0.5\\finance") == "?\\\\10.0.0.5\\finance"


@pytest.mark.parametrize(
    ("locator", "target"),
    [
        ("Server=DB01,1433;Database=PAYROLL", "ms/Payroll"),
        ("Data Source=tcp:db01;Initial Catalog=sales;Provider=SQLOLEDB", "ms/Sales"),
        ("Driver={SQL Server};Server=db01,1444;Database=Sales", "?db01:1444/sales"),
        ("Driver={SQL Server};Server=db01\\OLD;Database=Sales", "?db01\\old/sales"),
        ("host=pg01 port=5433 dbname=crm", "pg/crm"),
        ("host=pg01 port=5433 dbname=CRM", "?pg01:5433/CRM"),
        ("postgresql://app@pg01/crm", "?pg01/crm"),
        ("Server=db01;Database=Missing", "?db01/missing"),
        ("s3://archive/2024/x", "s3/archive"),
        ("s3://Archive/2024/x", "?s3://Archive"),
        ("http://minio.corp:9000/archive/x", "s3/archive"),
        ("smb://fs01/Finance/in", "fs/finance"),
        ("file://fs01/finance/in", "fs/finance"),
        ("sftp://other@DROP.corp/data/in/x", "drop"),
        ("other@drop.corp:/data/in/x", "drop"),
        ("sftp://drop.corp/elsewhere", "?sftp://drop.corp"),
        ("nfs://nas7/export/hr", "?nfs://nas7/export/hr"),
    ],
)
def test_places_are_compared_each_by_its_own_rules(house: Estate, locator: str, target: str) -> None:
    kind = "connection_string" if "=" in locator or "postgresql" in locator else "url" if "://" in locator else "path"
    says(house, "apps/a.txt", kind, locator)
    assert led(build(house.reader()), locator) == target


def test_localhost_is_the_host_a_file_lies_on(house: Estate) -> None:
    house.source("share2", locator="\\\\db01\\apps")
    house.entry("share2", "apps/web.config", "file")
    local = "Data Source=(local);Initial Catalog=Payroll"
    for source, path in (("share2", "apps/web.config"), ("drop", "web.config")):
        says(house, path, "connection_string", local, source=source, driver="System.Data.SqlClient")
    house.source("bucket", locator="s3://other")
    house.stores["bucket/other"] = ("bucket", "other", "bucket")
    says(house, "other/web.config", "connection_string", local, source="bucket")
    result = build(house.reader())
    by = {r.store: r for r in result.references}
    assert by["share2/apps"].target == "ms/Payroll"
    assert by["drop"].target == "?drop.corp/payroll"
    assert (by["bucket/other"].tier, by["bucket/other"].target) == ("unresolved", "")
    assert by["bucket/other"].why.startswith("local")


def test_variables_are_filled_in_from_files_beside_and_above(house: Estate) -> None:
    says(house, "apps/env/.env", "host", "db01", alias="DB_HOST", action="defines")
    says(house, "apps/.env", "reference", "Sales", alias="DB_NAME", action="defines")
    text = "Driver={{SQL Server}};Server={};Database={};Uid={}"
    here = text.format("${DB_HOST}", "%DB_NAME%", "$(NOBODY)")
    gone = text.format("${GONE_HOST}", "${DB_NAME}", "x")
    says(house, "apps/env/app.conf", "connection_string", here, status="template")
    says(house, "apps/env/app.conf", "connection_string", gone, status="template", line=2)
    says(house, "apps/env/app.conf", "connection_string", text.format("${H:-db01}", "Payroll", "x"), status="template")
    says(house, "apps/env/app.conf", "unc", "\\\\fs01\\finance\\${DAY}\\x.csv", status="template", line=4)
    says(house, "apps/other/app.conf", "connection_string", text.format("${DB_HOST}", "x", "y"), status="template")
    result = build(house.reader())
    assert led(result, here) == "ms/Sales"
    assert "apps/env/.env:1" in told(result, here).why
    assert (told(result, gone).tier, told(result, gone).target) == ("unresolved", "")
    assert "${GONE_HOST}" in told(result, gone).why
    assert led(result, text.format("${H:-db01}", "Payroll", "x")) == "ms/Payroll"
    assert led(result, "\\\\fs01\\finance\\${DAY}\\x.csv") == "fs/finance"
    assert told(result, text.format("${DB_HOST}", "x", "y")).tier == "unresolved"


def test_a_part_of_a_connection_fills_a_variable_but_never_its_own(house: Estate) -> None:
    says(house, "apps/.env", "connection_string", "Host=db01;Database=Sales", alias="db", action="connects")
    says(house, "apps/app.conf", "connection_string", "Driver=SQL Server;Server=${DB_HOST};Database=${DB_NAME}",
         status="template")  # fmt: skip
    own = "Driver=SQL Server;Server=${CRM_HOST};Database=x"
    says(house, "apps/crm.conf", "connection_string", own, alias="CRM", status="template")
    result = build(house.reader())
    assert led(result, "Driver=SQL Server;Server=${DB_HOST};Database=${DB_NAME}") == "ms/Sales"
    assert told(result, own).tier == "unresolved"


def test_names_that_lead_in_a_circle_end_with_a_reason(house: Estate) -> None:
    says(house, "apps/a.ini", "connection_string", "DSN=B", alias="A", action="defines")
    says(house, "apps/b.ini", "connection_string", "DSN=A", alias="B", action="defines")
    assert told(build(house.reader()), "DSN=A").why.startswith("names lead in a circle")


def test_a_database_file_on_a_share_is_the_store_that_was_looked_into(house: Estate) -> None:
    house.entry("fs", "finance/db/Pay.mdb", "file")
    house.stores["fs/finance/db/Pay.mdb"] = ("fs", "finance/db/Pay.mdb", "database file")
    text = "Provider=Microsoft.Jet.OLEDB.4.0;Data Source=\\\\FS01\\finance\\DB\\pay.mdb"
    says(house, "apps/a.vbs", "connection_string", text)
    assert led(build(house.reader()), text) == "fs/finance/db/Pay.mdb"


def test_a_mounted_tree_is_known_by_the_share_it_is(house: Estate) -> None:
    house.source("tree", deep=False, locator="/mnt/hr")
    for name, value in (("filesystem", "cifs"), ("mounted_from", "//fs09/people"), ("volume_path", "/hr")):
        house.fact("setting", "tree", "", name=name, value=value)
    says(house, "apps/a.cmd", "unc", "\\\\fs09\\people\\hr\\x.doc")
    assert led(build(house.reader()), "\\\\fs09\\people\\hr\\x.doc") == "tree"


def test_an_ssh_alias_and_a_service_of_a_composition_name_hosts(house: Estate) -> None:
    says(house, ".ssh/config", "url", "ssh://scan@pg01/", source="drop", alias="db", action="connects")
    says(house, "run.sh", "connection_string", "host=db port=5433 dbname=crm", source="drop")
    assert led(build(house.reader()), "host=db port=5433 dbname=crm") == "pg/crm"


def test_a_source_that_is_reached_by_a_name_lies_where_files_say_the_name_is(estate: Estate) -> None:
    estate.source("files", deep=False, locator="\\\\app01\\apps")
    estate.source("dw", locator="odbc:DSN=WAREHOUSE")
    estate.database("dw", "Facts", "dbo")
    says(estate, "odbc.ini", "connection_string", "Driver=SQL Server;Server=dw7", alias="WAREHOUSE", action="defines")
    says(estate, "a.cmd", "connection_string", "Driver=SQL Server;Server=dw7;Database=facts")
    says(estate, "b.cmd", "connection_string", "DSN=warehouse;DATABASE=Facts")
    result = build(estate.reader())
    assert {r.target for r in result.references if r.place.path != "odbc.ini"} == {"dw/Facts"}
