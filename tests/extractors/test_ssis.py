"""Integration Services: both written forms, expressions, access modes, disabled tasks, configurations, projects."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from scanner.graph.aliases import At, Known
from tests.extractors.reading import by_origin, one, quotes, read

DATA = Path(__file__).parent / "data" / "ssis"
NEW = (DATA / "load.dtsx").read_text(encoding="utf-8")
OLD = (DATA / "load-2005.dtsx").read_text(encoding="utf-8")
CONMGR = (DATA / "ERP.conmgr").read_text(encoding="utf-8")
PARAMS = (DATA / "Project.params").read_text(encoding="utf-8")


def test_connections_carry_their_name_and_never_their_password() -> None:
    found = {m.alias: m for m in by_origin(quotes("p/load.dtsx", NEW), "ssis/ConnectionString")}
    dw = found["DW"]
    assert (dw.server, dw.database, dw.user, dw.action, dw.line) == ("sql7\\dw", "Sales", "etl", "connects", 8)
    assert (found["Bank"].kind, found["Bank"].server, found["Bank"].port) == ("url", "ftp.bank.example.net", 21)


def test_an_expression_takes_the_place_of_what_was_saved() -> None:
    mentions = quotes("p/load.dtsx", NEW)
    computed = {m.alias: m for m in by_origin(mentions, "ssis/expression") if m.alias}
    saved = {m.alias: m for m in by_origin(mentions, "ssis/ConnectionString")}
    assert computed["Orders file"].locator == r"\\files3\import\daily\orders.csv"
    assert (computed["Orders file"].kind, computed["Orders file"].status) == ("unc", "active")
    assert saved["Orders file"].status == "commented"


def test_an_expression_that_cannot_be_told_is_a_template_beside_what_was_saved() -> None:
    mentions = quotes("p/load.dtsx", NEW)
    computed = next(m for m in by_origin(mentions, "ssis/expression") if m.alias == "Src")
    saved = next(m for m in by_origin(mentions, "ssis/ConnectionString") if m.alias == "Src")
    assert computed.status == "template"
    assert "@[$Project::SourceServer]" in computed.locator
    assert computed.database == "Erp"
    assert (saved.status, saved.server) == ("active", "dev1")


def test_variables_are_quoted_where_they_are_places_and_never_where_they_are_secrets() -> None:
    found = {m.alias: m.locator for m in by_origin(quotes("p/load.dtsx", NEW), "ssis/variable")}
    assert found == {"User::Share": r"\\files3\import", "User::Folder": r"\\files3\import\daily"}


def test_statements_go_through_their_connection_and_a_disabled_task_is_commented() -> None:
    found = by_origin(quotes("p/load.dtsx", NEW), "ssis/SqlStatementSource")
    assert [(m.locator, m.via, m.status) for m in found] == [
        ("TRUNCATE TABLE stage.Orders", "DW", "active"),
        ("EXEC dbo.OldLoad", "DW", "commented"),
        ("SELECT * FROM dbo.Late", "ERP", "active"),  # its connection is known by id from the data flow
    ]


def test_a_data_flow_says_what_it_reads_and_writes() -> None:
    mentions = quotes("p/load.dtsx", NEW)
    rows = [(m.locator, m.via, m.action, m.status) for m in by_origin(mentions, "ssis/OpenRowset")]
    assert rows == [("[dbo].[Stale]", "ERP", "reads", "commented"), ("[stage].[User]", "DW", "writes", "active")]
    commands = [(m.locator, m.via, m.action, m.status) for m in by_origin(mentions, "ssis/SqlCommand")]
    assert commands == [
        ("SELECT id FROM dbo.Orders", "ERP", "reads", "active"),
        ("SELECT * FROM dim.Region", "DW", "reads", "active"),
    ]
    file = one(mentions, "ssis/component")
    assert (file.kind, file.locator, file.via, file.action) == ("reference", "Orders file", "Orders file", "writes")
    computed = next(m for m in by_origin(mentions, "ssis/expression") if m.kind == "sql")
    assert (computed.locator, computed.via, computed.status) == (
        "SELECT * FROM dim.Region WHERE y=@[User::Year]", "DW", "template",
    )  # fmt: skip


def test_tasks_name_packages_files_and_programs() -> None:
    mentions = quotes("p/load.dtsx", NEW)
    child = one(mentions, "ssis/ExecutePackage")
    assert (child.kind, child.locator, child.action) == ("reference", "LoadStock.dtsx", "calls")
    moved = by_origin(mentions, "ssis/FileSystemTask")
    assert [(m.locator, m.action) for m in moved] == [("Orders file", "reads"), (r"\\files3\import", "writes")]
    assert one(mentions, "ssis/FtpTask/LocalPath").action == "writes"
    remote = one(mentions, "ssis/FtpTask/RemotePath")
    assert (remote.locator, remote.via, remote.action) == ("/out/statement.csv", "Bank", "reads")
    words = [m.locator for m in by_origin(mentions, "ssis/ExecuteProcess/Arguments")]
    assert words == [r"\\files3\zip\day.7z", r"D:\my data\x.csv"]


def test_the_form_of_2005_says_the_same() -> None:
    mentions = quotes("p/old.dtsx", OLD)
    warehouse = one(mentions, "ssis/ConnectionString")
    assert (warehouse.alias, warehouse.server, warehouse.database) == ("Warehouse", "sql2000", "Stock")
    rows = one(mentions, "ssis/OpenRowset")
    assert (rows.locator, rows.via, rows.status) == ("[dbo].[Items]", "Warehouse", "commented")
    assert one(mentions, "ssis/variable").alias == "User::Inbox"
    assert one(mentions, "ssis/configuration/file").locator == r"\\files3\ssis\load.dtsConfig"
    assert one(mentions, "ssis/configuration/environment").status == "template"
    table = one(mentions, "ssis/configuration/table")
    assert (table.locator, table.via) == ("[dbo].[SSIS Configurations]", "Warehouse")
    bulk = {m.kind: m for m in by_origin(mentions, "ssis/BulkInsert")}
    assert (bulk["table"].via, bulk["table"].action) == ("Warehouse", "writes")
    assert (bulk["unc"].locator, bulk["unc"].action) == (r"\\files3\bulk\items.dat", "reads")


def test_a_shared_connection_is_known_by_name_and_id_and_its_comment_is_commented() -> None:
    mentions = quotes("p/ERP.conmgr", CONMGR)
    found = by_origin(mentions, "ssis/ConnectionString")
    assert [(m.server, m.alias, m.status, m.line) for m in found] == [
        ("erp1", "ERP", "active", 7),
        ("erpold", "ERP", "commented", 4),
    ]
    other = one([m for m in mentions if m.status == "active"], "ssis/DTSID")
    assert (other.alias, other.locator, other.action) == ("{99999999-9999-9999-9999-999999999999}", "ERP", "defines")


def test_parameters_are_defined_for_others_and_sensitive_ones_are_not_looked_at() -> None:
    found = quotes("p/Project.params", PARAMS)
    assert [(m.alias, m.locator, m.action, m.line) for m in found] == [("$Project::SourceServer", "erp1", "defines", 4)]


def test_a_configuration_file_names_the_connections_it_sets() -> None:
    text = (DATA / "load.dtsConfig").read_text(encoding="utf-8")
    found = {m.alias: m for m in quotes("p/load.dtsConfig", text)}
    assert (found["DW"].server, found["DW"].database, found["DW"].line) == ("sqlprod", "Sales", 3)
    assert found["User::Inbox"].locator == r"\\files3\in"
    assert found["Other"].status == "placeholder"


def test_a_deployed_project_fills_its_parameters_in_and_knows_its_connections() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("@Project.manifest", "<SSIS:Project xmlns:SSIS='x'/>")
        file.writestr("Load%20Sales.dtsx", NEW)
        file.writestr("ERP.conmgr", CONMGR)
        file.writestr("Project.params", PARAMS)
    mentions = quotes("p/sales.ispac", held.getvalue())
    computed = next(m for m in by_origin(mentions, "ssis/expression") if m.alias == "Src")
    assert (computed.server, computed.status, computed.part) == ("erp1", "active", "Load Sales.dtsx")
    assert {m.part for m in mentions} == {"Load Sales.dtsx", "ERP.conmgr", "Project.params"}


def test_a_project_file_names_its_connections_by_their_parameters() -> None:
    text = (DATA / "Sales.dtproj").read_text(encoding="utf-8")
    found = {m.alias: m for m in by_origin(quotes("p/Sales.dtproj", text), "ssis/parameter")}
    assert (found["ERP"].server, found["ERP"].database, found["ERP"].line) == ("erp1", "Erp", 16)
    assert (found["Orders"].kind, found["Orders"].locator) == ("unc", r"\\files3\in\orders.csv")


def test_loops_scripts_and_tasks_of_other_makers_name_places() -> None:
    mentions = quotes("p/tasks.dtsx", (DATA / "tasks.dtsx").read_text(encoding="utf-8"))
    folder = one(mentions, "ssis/ForEachFile")
    assert (folder.locator, folder.action) == (r"\\files3\in\today", "reads")
    computed = {m.kind: m for m in by_origin(mentions, "ssis/expression")}
    assert (computed["unc"].locator, computed["unc"].status) == (r"\\files3\in\@[User::Day]", "template")
    assert (computed["sql"].locator, computed["sql"].via) == ("EXEC dbo.Load '@[User::Day]'", "Shop")
    script = [(m.server, m.status, m.line) for m in by_origin(mentions, "ssis/script")]
    assert script == [
        ("old9", "commented", 19), ("files3", "active", 20), ("sql7", "active", 21), ("files4", "template", 22),
    ]  # fmt: skip
    assert one(mentions, "ssis/BackupDestinationAutoFolderPath").action == "writes"
    assert one(mentions, "ssis/VendorTask").locator == "sftp://drop.northmoor.net/in"
    assert one(mentions, "ssis/SqlFile").locator == "load.sql"


@pytest.mark.parametrize("cut", [200, 2_000, len(NEW) - 40])
def test_what_is_cut_short_is_told_and_what_came_before_is_kept(cut: int) -> None:
    mentions, troubles = read("p/load.dtsx", NEW[:cut])
    assert [t.code for t in troubles] == ["CONTENT_DAMAGED"]
    assert bool(mentions) == (cut > 1_000)


def test_variables_that_double_each_other_come_to_an_end() -> None:
    chain = "".join(
        f'<DTS:Variable DTS:Namespace="User" DTS:ObjectName="v{n}" DTS:EvaluateAsExpression="True" '
        f'DTS:Expression="@[User::v{n + 1}] + @[User::v{n + 1}]"/>'
        for n in range(60)
    )
    text = f"<DTS:Executable xmlns:DTS='x'><DTS:Variables>{chain}</DTS:Variables></DTS:Executable>"
    assert quotes("p/bomb.dtsx", text) == []


def test_what_a_project_defines_is_found_by_the_names_that_its_packages_use() -> None:
    known, here = Known(), At("share", "share", "etl/load.dtsx")
    for name, text in (("Project.params", PARAMS), ("ERP.conmgr", CONMGR)):
        for m in quotes(f"etl/{name}", text):
            if m.alias and m.status == "active":
                fields = (m.server or "", m.port, m.database or "", m.driver or "")
                known.define(m.alias, At("share", "share", f"etl/{name}"), m.line, m.kind, m.locator, fields)
    filled, missing, _ = known.aliases.filled("Data Source=@[$Project::SourceServer];Initial Catalog=Erp", here)
    assert (filled, missing) == ("Data Source=erp1;Initial Catalog=Erp", ())
    by_id = known.aliases.find("{99999999-9999-9999-9999-999999999999}", here)
    assert by_id is not None
    assert by_id.definition.text == "ERP"
