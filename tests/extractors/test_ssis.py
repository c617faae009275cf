"""Integration Services: both written forms, expressions, access modes, disabled tasks, configurations, projects."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.extractors.reading import CANARY, by_origin, one, quotes, read

NEW = f"""<?xml version="1.0"?>
<DTS:Executable xmlns:DTS="www.microsoft.com/SqlServer/Dts" DTS:refId="Package" DTS:ObjectName="LoadSales"
  DTS:ExecutableType="Microsoft.Package">
  <DTS:ConnectionManagers>
    <DTS:ConnectionManager DTS:refId="Package.ConnectionManagers[DW]" DTS:CreationName="OLEDB"
      DTS:DTSID="{{11111111-1111-1111-1111-111111111111}}" DTS:ObjectName="DW">
      <DTS:ObjectData>
        <DTS:ConnectionManager
          DTS:ConnectionString="Data Source=sql7\\dw;User ID=etl;Password={CANARY};Initial Catalog=Sales;Provider=SQLNCLI11;">
          <DTS:Password DTS:Name="Password" Sensitive="1">{CANARY}</DTS:Password>
        </DTS:ConnectionManager>
      </DTS:ObjectData>
    </DTS:ConnectionManager>
    <DTS:ConnectionManager DTS:CreationName="FLATFILE" DTS:DTSID="{{22222222-2222-2222-2222-222222222222}}"
      DTS:ObjectName="Orders file">
      <DTS:PropertyExpression DTS:Name="ConnectionString">@[User::Folder] + "\\\\orders.csv"</DTS:PropertyExpression>
      <DTS:ObjectData>
        <DTS:ConnectionManager DTS:Format="Delimited" DTS:ConnectionString="C:\\dev\\orders.csv"/>
      </DTS:ObjectData>
    </DTS:ConnectionManager>
    <DTS:ConnectionManager DTS:CreationName="FTP" DTS:DTSID="{{33333333-3333-3333-3333-333333333333}}" DTS:ObjectName="Bank">
      <DTS:ObjectData>
        <DTS:ConnectionManager DTS:ConnectionString="ftp.bank.example.net:21">
          <FtpConnection ServerName="ftp.bank.example.net" ServerPort="21" ServerUserName="u" ServerPassword="{CANARY}"/>
        </DTS:ConnectionManager>
      </DTS:ObjectData>
    </DTS:ConnectionManager>
    <DTS:ConnectionManager DTS:CreationName="OLEDB" DTS:DTSID="{{44444444-4444-4444-4444-444444444444}}" DTS:ObjectName="Src">
      <DTS:PropertyExpression DTS:Name="ServerName">@[$Project::SourceServer]</DTS:PropertyExpression>
      <DTS:ObjectData>
        <DTS:ConnectionManager DTS:ConnectionString="Data Source=dev1;Initial Catalog=Erp;Provider=SQLNCLI11;"/>
      </DTS:ObjectData>
    </DTS:ConnectionManager>
  </DTS:ConnectionManagers>
  <DTS:Variables>
    <DTS:Variable DTS:Namespace="User" DTS:ObjectName="Share">
      <DTS:VariableValue DTS:DataType="8">\\\\files3\\import</DTS:VariableValue>
    </DTS:Variable>
    <DTS:Variable DTS:Namespace="User" DTS:ObjectName="Folder" DTS:EvaluateAsExpression="True"
      DTS:Expression="@[User::Share] + &quot;\\\\daily&quot;"><DTS:VariableValue DTS:DataType="8"/></DTS:Variable>
    <DTS:Variable DTS:Namespace="User" DTS:ObjectName="Query">
      <DTS:VariableValue DTS:DataType="8">SELECT * FROM dbo.Late</DTS:VariableValue>
    </DTS:Variable>
    <DTS:Variable DTS:Namespace="User" DTS:ObjectName="FtpPassword">
      <DTS:VariableValue DTS:DataType="8">{CANARY}</DTS:VariableValue>
    </DTS:Variable>
  </DTS:Variables>
  <DTS:Executables>
    <DTS:Executable DTS:ObjectName="Clear" DTS:ExecutableType="Microsoft.ExecuteSQLTask">
      <DTS:ObjectData>
        <SQLTask:SqlTaskData SQLTask:Connection="{{11111111-1111-1111-1111-111111111111}}"
          SQLTask:SqlStatementSource="TRUNCATE TABLE stage.Orders" xmlns:SQLTask="www.microsoft.com/sqlserver/dts/tasks/sqltask"/>
      </DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Old" DTS:Disabled="True" DTS:ExecutableType="Microsoft.ExecuteSQLTask">
      <DTS:ObjectData>
        <SQLTask:SqlTaskData SQLTask:Connection="{{11111111-1111-1111-1111-111111111111}}"
          SQLTask:SqlStatementSource="EXEC dbo.OldLoad" xmlns:SQLTask="www.microsoft.com/sqlserver/dts/tasks/sqltask"/>
      </DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Late" DTS:ExecutableType="Microsoft.ExecuteSQLTask">
      <DTS:ObjectData>
        <SQLTask:SqlTaskData SQLTask:Connection="{{99999999-9999-9999-9999-999999999999}}" SQLTask:SqlStatementSourceType="Variable"
          SQLTask:SqlStatementSource="User::Query" xmlns:SQLTask="www.microsoft.com/sqlserver/dts/tasks/sqltask"/>
      </DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Child" DTS:ExecutableType="Microsoft.ExecutePackageTask">
      <DTS:ObjectData><ExecutePackageTask><UseProjectReference>True</UseProjectReference>
        <PackageName>LoadStock.dtsx</PackageName></ExecutePackageTask></DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Archive" DTS:ExecutableType="Microsoft.FileSystemTask">
      <DTS:ObjectData>
        <FileSystemData TaskOperationType="MoveFile" TaskSourcePath="{{22222222-2222-2222-2222-222222222222}}"
          TaskDestinationPath="User::Share" TaskIsDestinationVariable="True"/>
      </DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Fetch" DTS:ExecutableType="Microsoft.FtpTask">
      <DTS:ObjectData>
        <FtpData ConnectionName="{{33333333-3333-3333-3333-333333333333}}" Operation="Receive" LocalPath="\\\\files3\\bank"
          RemotePath="/out/statement.csv"/>
      </DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Zip" DTS:ExecutableType="Microsoft.ExecuteProcess">
      <DTS:ObjectData>
        <ExecuteProcessData Executable="C:\\tools\\7z.exe"
          Arguments="a -p{CANARY} \\\\files3\\zip\\day.7z &quot;D:\\my data\\x.csv&quot;"/>
      </DTS:ObjectData>
    </DTS:Executable>
    <DTS:Executable DTS:ObjectName="Flow" DTS:ExecutableType="Microsoft.Pipeline">
      <DTS:PropertyExpression DTS:Name="[Lookup region].[SqlCommand]">"SELECT * FROM dim.Region WHERE y=" + @[User::Year]</DTS:PropertyExpression>
      <DTS:ObjectData><pipeline version="1"><components>
        <component refId="a" name="From ERP" componentClassID="Microsoft.OLEDBSource">
          <properties>
            <property name="AccessMode">2</property>
            <property name="OpenRowset">[dbo].[Stale]</property>
            <property name="SqlCommand">SELECT id FROM dbo.Orders</property>
          </properties>
          <connections><connection connectionManagerID="{{99999999-9999-9999-9999-999999999999}}:external"
            connectionManagerRefId="Project.ConnectionManagers[ERP]" name="OleDbConnection"/></connections>
          <outputs><output name="o"/><output name="e" isErrorOut="true"/></outputs>
        </component>
        <component refId="b" name="Lookup region" componentClassID="Microsoft.Lookup">
          <properties><property name="SqlCommand">SELECT * FROM dim.Region</property></properties>
          <connections><connection connectionManagerRefId="Package.ConnectionManagers[DW]" name="c"/></connections>
          <inputs><input name="i"/></inputs><outputs><output name="o"/></outputs>
        </component>
        <component refId="c" name="To DW" componentClassID="Microsoft.OLEDBDestination">
          <properties>
            <property name="AccessMode">3</property>
            <property name="OpenRowset">[stage].[User]</property>
          </properties>
          <connections><connection connectionManagerRefId="Package.ConnectionManagers[DW]" name="c"/></connections>
          <inputs><input name="i"/></inputs><outputs><output name="e" isErrorOut="true"/></outputs>
        </component>
        <component refId="d" name="File out" componentClassID="Microsoft.FlatFileDestination">
          <properties><property name="Overwrite">true</property></properties>
          <connections><connection connectionManagerRefId="Package.ConnectionManagers[Orders file]" name="c"/></connections>
          <inputs><input name="i"/></inputs>
        </component>
      </components></pipeline></DTS:ObjectData>
    </DTS:Executable>
  </DTS:Executables>
</DTS:Executable>
"""

OLD = f"""<?xml version="1.0"?><DTS:Executable xmlns:DTS="www.microsoft.com/SqlServer/Dts" DTS:ExecutableType="MSDTS.Package.1">
<DTS:ConnectionManager><DTS:Property DTS:Name="ObjectName">Warehouse</DTS:Property>
<DTS:Property DTS:Name="DTSID">{{AAAAAAAA-1111-1111-1111-111111111111}}</DTS:Property>
<DTS:Property DTS:Name="CreationName">OLEDB</DTS:Property>
<DTS:ObjectData><DTS:ConnectionManager>
<DTS:Property DTS:Name="ConnectionString">Data Source=sql2000;User ID=sa;Initial Catalog=Stock;Provider=SQLOLEDB;</DTS:Property>
<DTS:Password DTS:Name="Password" Sensitive="1" Encrypted="0">{CANARY}</DTS:Password>
</DTS:ConnectionManager></DTS:ObjectData></DTS:ConnectionManager>
<DTS:Configuration><DTS:Property DTS:Name="ConfigurationType">1</DTS:Property>
<DTS:Property DTS:Name="ConfigurationString">\\\\files3\\ssis\\load.dtsConfig</DTS:Property></DTS:Configuration>
<DTS:Configuration><DTS:Property DTS:Name="ConfigurationType">2</DTS:Property>
<DTS:Property DTS:Name="ConfigurationString">SSIS_ROOT</DTS:Property></DTS:Configuration>
<DTS:Configuration><DTS:Property DTS:Name="ConfigurationType">7</DTS:Property>
<DTS:Property DTS:Name="ConfigurationString">"Warehouse";"[dbo].[SSIS Configurations]";"load";</DTS:Property></DTS:Configuration>
<DTS:Variable><DTS:Property DTS:Name="Expression"/><DTS:Property DTS:Name="EvaluateAsExpression">0</DTS:Property>
<DTS:Property DTS:Name="Namespace">User</DTS:Property><DTS:VariableValue DTS:DataType="8">\\\\files3\\in</DTS:VariableValue>
<DTS:Property DTS:Name="ObjectName">Inbox</DTS:Property></DTS:Variable>
<DTS:Executable DTS:ExecutableType="DTS.Pipeline.1"><DTS:Property DTS:Name="Disabled">-1</DTS:Property>
<DTS:ObjectData><pipeline><components><component id="1" name="OLE DB Source"
 componentClassID="{{2C0A8BE5-1EDC-4353-A0EF-B778599C65A0}}"><properties>
<property id="2" name="OpenRowset">[dbo].[Items]</property><property id="3" name="AccessMode">0</property></properties>
<connections><connection id="9" name="OleDbConnection" connectionManagerID="{{AAAAAAAA-1111-1111-1111-111111111111}}"/></connections>
<outputs><output id="5" name="o"/></outputs></component></components></pipeline></DTS:ObjectData></DTS:Executable>
<DTS:Executable DTS:ExecutableType="Microsoft.SqlServer.Dts.Tasks.BulkInsertTask"><DTS:ObjectData>
<BulkInsertTask:BulkInsertTaskData xmlns:BulkInsertTask="x" BulkInsertTask:DestinationConnectionName="{{AAAAAAAA-1111-1111-1111-111111111111}}"
 BulkInsertTask:DestinationTableName="[Stock].[dbo].[Items]" BulkInsertTask:FileName="\\\\files3\\bulk\\items.dat"/>
</DTS:ObjectData></DTS:Executable>
</DTS:Executable>"""


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


CONMGR = f"""<?xml version="1.0"?>
<DTS:ConnectionManager xmlns:DTS="www.microsoft.com/SqlServer/Dts" DTS:ObjectName="ERP"
  DTS:DTSID="{{99999999-9999-9999-9999-999999999999}}" DTS:CreationName="OLEDB">
  <!-- <DTS:ConnectionManager DTS:ObjectName="ERP" DTS:CreationName="OLEDB"><DTS:ObjectData><DTS:ConnectionManager
   DTS:ConnectionString="Data Source=erpold;Initial Catalog=Erp"/></DTS:ObjectData></DTS:ConnectionManager> -->
  <DTS:ObjectData>
    <DTS:ConnectionManager DTS:ConnectionString="Data Source=erp1;Initial Catalog=Erp;Password={CANARY};User ID=x"/>
  </DTS:ObjectData>
</DTS:ConnectionManager>"""

PARAMS = f"""<?xml version="1.0"?>
<SSIS:Parameters xmlns:SSIS="www.microsoft.com/SqlServer/SSIS">
  <SSIS:Parameter SSIS:Name="SourceServer"><SSIS:Properties>
    <SSIS:Property SSIS:Name="Sensitive">0</SSIS:Property><SSIS:Property SSIS:Name="Value">erp1</SSIS:Property>
  </SSIS:Properties></SSIS:Parameter>
  <SSIS:Parameter SSIS:Name="ServerKey"><SSIS:Properties>
    <SSIS:Property SSIS:Name="Sensitive">1</SSIS:Property><SSIS:Property SSIS:Name="Value">{CANARY}</SSIS:Property>
  </SSIS:Properties></SSIS:Parameter>
</SSIS:Parameters>"""


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
    text = f"""<?xml version="1.0"?><DTSConfiguration><DTSConfigurationHeading/>
<Configuration ConfiguredType="Property" Path="\\Package.Connections[DW].Properties[ServerName]" ValueType="String">
<ConfiguredValue>sqlprod</ConfiguredValue></Configuration>
<Configuration ConfiguredType="Property" Path="\\Package.Connections[DW].Properties[InitialCatalog]" ValueType="String">
<ConfiguredValue>Sales</ConfiguredValue></Configuration>
<Configuration ConfiguredType="Property" Path="\\Package.Connections[DW].Properties[Password]" ValueType="String">
<ConfiguredValue>{CANARY}</ConfiguredValue></Configuration>
<Configuration ConfiguredType="Property" Path="\\Package.Variables[User::Inbox].Properties[Value]" ValueType="String">
<ConfiguredValue>\\\\files3\\in</ConfiguredValue></Configuration>
<Configuration ConfiguredType="Property" Path="\\Package.Connections[Other].Properties[ConnectionString]" ValueType="String">
<ConfiguredValue>Data Source=&lt;server&gt;;Initial Catalog=x</ConfiguredValue></Configuration></DTSConfiguration>"""
    found = {m.alias: m for m in quotes("p/load.dtsConfig", text)}
    assert (found["DW"].server, found["DW"].database, found["DW"].line) == ("sqlprod", "Sales", 3)
    assert found["User::Inbox"].locator == r"\\files3\in"
    assert found["Other"].status == "placeholder"


def test_a_deployed_project_fills_its_parameters_in_and_knows_its_connections() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, text in (("Load%20Sales.dtsx", NEW), ("ERP.conmgr", CONMGR), ("Project.params", PARAMS), ("@Project.manifest", "<SSIS:Project xmlns:SSIS='x'/>")):  # fmt: skip
            file.writestr(name, text)
    mentions = quotes("p/sales.ispac", held.getvalue())
    computed = next(m for m in by_origin(mentions, "ssis/expression") if m.alias == "Src")
    assert (computed.server, computed.status, computed.part) == ("erp1", "active", "Load Sales.dtsx")
    assert {m.part for m in mentions} == {"Load Sales.dtsx", "ERP.conmgr", "Project.params"}


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
