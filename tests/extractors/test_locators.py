"""Connection strings, URLs and UNC paths taken apart, each product's way of writing them."""
# ruff: noqa: E501 - a form a line

from __future__ import annotations

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.locators import (
    commands,
    connection,
    cut,
    database_urls,
    jdbc,
    oracle,
    shape,
    statements,
    status,
    status_of,
    unc,
    url,
    urls,
    variables,
    words,
)

TNS = "(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=TCP)(HOST=r1)(PORT=1521))(ADDRESS=(HOST=r2)(PORT=1522)))(CONNECT_DATA=(SERVICE_NAME=erp)))"
CONNECTIONS: list[tuple[str, dict[str, Any]]] = [
    # ADO.NET and OLE DB
    ("Data Source=.", {"server": "."}),
    ("Data Source=.\\SQL16", {"server": ".", "instance": "SQL16"}),
    ("Server = (local) ; Initial Catalog = erp ; Integrated Security=SSPI", {"server": "(local)", "database": "erp"}),
    ("Address=sql7;Database=erp", {"server": "sql7", "database": "erp"}),
    ("Addr=sql7;Database=erp", {"server": "sql7"}),
    ("Network Address=sql7,1500;Database=erp", {"server": "sql7", "port": 1500}),
    ("server=tcp:sql7\\i1,1500;UID=x", {"server": "sql7", "instance": "i1", "port": 1500, "user": "x"}),
    ("server=np:\\\\sql7\\pipe\\MSSQL$ERP\\sql\\query;database=x", {"server": "sql7", "instance": "ERP"}),
    ("server=lpc:sql7;database=x", {"server": "sql7"}),
    ("Data Source=(localdb)\\v11;AttachDbFilename=|DataDirectory|\\a.mdf",
     {"server": "(localdb)", "instance": "v11", "file": "|DataDirectory|\\a.mdf"}),
    ("Server=\"sql7\";Database='a;b';User ID=x", {"server": "sql7", "database": "a;b"}),
    ("Server=s;we==ird=1;Database=d", {"server": "s", "database": "d"}),
    ("Provider=SQLOLEDB.1;Persist Security Info=False;Data Source=sql7;Initial Catalog=erp", {"driver": "SQLOLEDB.1", "server": "sql7"}),
    ("Provider=Microsoft.ACE.OLEDB.12.0;Data Source=\\\\fs\\d\\a.accdb", {"file": "\\\\fs\\d\\a.accdb", "server": None}),
    ('Provider=Microsoft.Jet.OLEDB.4.0;Data Source=C:\\x;Extended Properties="text;HDR=Yes"', {"file": "C:\\x"}),
    ("Provider=MSDAORA;Data Source=ERP;User ID=scott", {"alias": "ERP", "server": None}),
    (f"Provider=OraOLEDB.Oracle;Data Source={TNS};User Id=a", {"server": "r1", "port": 1521, "database": "erp", "more": ("r2:1522",)}),
    ("Provider=OraOLEDB.Oracle;Data Source=ora7:1521/erp;User Id=a", {"server": "ora7", "port": 1521, "database": "erp"}),
    ("Provider=MSOLAP.5;Data Source=olap1;Initial Catalog=Cube", {"server": "olap1", "database": "Cube"}),
    ("Server=a,b;Database=x", {"server": "a", "more": ("b",)}),
    ("Host=pg7;Port=5433;Database=erp;Username=u", {"server": "pg7", "port": 5433, "database": "erp", "user": "u"}),
    ("metadata=res://*/M;provider=System.Data.SqlClient;provider connection string=&quot;data source=s\\i;initial catalog=d&quot;",
     {"server": "s", "instance": "i", "database": "d", "driver": "System.Data.SqlClient", "grammar": "ef"}),
    # ODBC
    ("DRIVER={SQL Server};SERVER=sql7;DATABASE=erp;Trusted_Connection=Yes", {"driver": "SQL Server", "server": "sql7", "grammar": "odbc"}),
    ("ODBC;DSN=erp;UID=x", {"alias": "erp", "user": "x", "server": None}),
    ("FILEDSN=\\\\fs\\dsn\\erp.dsn", {"alias": "\\\\fs\\dsn\\erp.dsn"}),
    ("Driver={Microsoft Access Driver (*.mdb)};DBQ=C:\\data\\x.mdb", {"file": "C:\\data\\x.mdb"}),
    ("DRIVER={Oracle in OraClient11g_home1};DBQ=ERP;UID=scott", {"alias": "ERP", "user": "scott"}),
    ("DRIVER={we;ird}}x};SERVER=s", {"driver": "we;ird}x", "server": "s"}),
    # JDBC
    ("jdbc:sqlserver://sql7\\erp:1500;databaseName=d;user=u", {"server": "sql7", "instance": "erp", "port": 1500, "database": "d", "user": "u"}),
    ("jdbc:sqlserver://;serverName=sql8;databaseName=X", {"server": "sql8", "database": "X"}),
    ("jdbc:jtds:sqlserver://sql9:1433/d;instance=i", {"driver": "sqlserver", "server": "sql9", "instance": "i", "database": "d"}),
    ("jdbc:oracle:thin:@ora7:1521:ERP", {"server": "ora7", "port": 1521, "database": "ERP"}),
    ("jdbc:oracle:thin:@//ora7:1521/erp.corp", {"server": "ora7", "database": "erp.corp"}),
    ("jdbc:oracle:thin:scott/x@ora7:1521/erp", {"server": "ora7", "user": "scott"}),
    ("jdbc:oracle:oci8:@ERP", {"alias": "ERP", "server": None}),
    (f"jdbc:oracle:thin:@{TNS}", {"server": "r1", "database": "erp", "grammar": "jdbc"}),
    ("jdbc:oracle:thin:@ldap://oid:389/erp,cn=OracleContext,dc=corp", {"alias": "erp"}),
    ("jdbc:postgresql://a:5432,b:5433/erp?user=x", {"server": "a", "port": 5432, "database": "erp", "user": "x", "more": ("b:5433",)}),
    ("jdbc:mysql://h1:3306,h2/shop?useSSL=true", {"server": "h1", "database": "shop", "more": ("h2",)}),
    ("jdbc:mysql:loadbalance://address=(host=h1)(port=3308)/shop", {"server": "h1", "port": 3308}),
    ("jdbc:mariadb://u:x@h1/shop", {"server": "h1", "user": "u"}),
    ("jdbc:db2://h:50000/SAMPLE:user=a;", {"server": "h", "port": 50000, "database": "SAMPLE", "user": "a"}),
    ("jdbc:db2:SAMPLE", {"alias": "SAMPLE"}),
    ("jdbc:as400://iseries1/LIB1;user=a", {"server": "iseries1", "database": "LIB1"}),
    ("jdbc:informix-sqli://ifx:9088/stores:INFORMIXSERVER=ol;user=a", {"server": "ifx", "port": 9088, "database": "stores"}),
    ("jdbc:sybase:Tds:syb1:5000/db1", {"server": "syb1", "port": 5000, "database": "db1"}),
    ("jdbc:h2:file:~/data/x;AUTO_SERVER=TRUE", {"file": "~/data/x"}),
    ("jdbc:h2:tcp://h2srv:9092/~/x", {"server": "h2srv", "port": 9092}),
    ("jdbc:hsqldb:hsql://hs1:9001/xdb", {"server": "hs1", "database": "xdb"}),
    ("jdbc:derby:C:/data/db;create=true", {"file": "C:/data/db"}),
    ("jdbc:derby://d1:1527/db", {"server": "d1", "database": "db"}),
    ("jdbc:sqlite:/srv/x.db", {"file": "/srv/x.db"}),
    ("jdbc:ucanaccess://C:/data/x.mdb;memory=false", {"file": "C:/data/x.mdb"}),
    ("jdbc:teradata://td1/DATABASE=sales,DBS_PORT=1025,USER=a", {"server": "td1", "port": 1025, "database": "sales", "user": "a"}),
    ("jdbc:sap://hana1:30015/?databaseName=HDB", {"server": "hana1", "port": 30015, "database": "HDB"}),
    ("jdbc:redshift:iam://c1.redshift.amazonaws.com:5439/dev", {"server": "c1.redshift.amazonaws.com", "database": "dev"}),
    ("jdbc:snowflake://a.snowflakecomputing.com/?db=SALES&warehouse=W", {"server": "a.snowflakecomputing.com", "database": "SALES"}),
    ("jdbc:hive2://zk1:2181,zk2:2181/default;x=y", {"server": "zk1", "more": ("zk2:2181",)}),
    ("jdbc:odbc:ERPDSN", {"alias": "ERPDSN"}),
    # URLs and key=value
    ("postgresql+psycopg2://app:x@db7:5433/erp", {"server": "db7", "port": 5433, "database": "erp", "user": "app"}),
    ("mssql+pyodbc:///?odbc_connect=DRIVER%3D%7Bx%7D%3BSERVER%3Dsql7%3BDATABASE%3Derp", {"server": "sql7", "database": "erp"}),
    ("mssql+pyodbc://ERPDSN", {"alias": "ERPDSN", "server": None}),
    ("sqlite:////srv/data/x.db", {"file": "/srv/data/x.db"}),
    ("oracle://scott:x@ora7:1521/?service_name=erp", {"server": "ora7", "database": "erp"}),
    ("mongodb://u:x@m1:27017,m2:27017/shop?replicaSet=r", {"server": "m1", "database": "shop", "more": ("m2:27017",)}),
    ("redis://:x@r1:6379/0", {"server": "r1", "port": 6379, "user": None}),
    ("ldap://dc1:389/dc=corp", {"server": "dc1", "port": 389}),
    ("amqp://u:x@mq1:5672/v", {"server": "mq1", "database": "v"}),
    ("host=db7 port=5433 dbname=erp user=x", {"server": "db7", "port": 5433, "database": "erp", "grammar": "libpq"}),
    ("service=erp dbname=x", {"alias": "erp"}),
    ("mysql:host=db1;port=3307;dbname=shop", {"server": "db1", "port": 3307, "database": "shop", "grammar": "pdo"}),
    ("sqlsrv:Server=sql7,1433;Database=erp", {"server": "sql7", "port": 1433, "database": "erp"}),
    ("oci:dbname=//ora7:1521/erp", {"server": "ora7", "port": 1521, "database": "erp"}),
    ("dbi:Oracle:host=ora7;sid=ERP;port=1521", {"server": "ora7", "port": 1521, "database": "ERP", "grammar": "dbi"}),
    ("DBI:mysql:shop:db1", {"server": "db1", "database": "shop"}),
    ("dbi:ODBC:ERPDSN", {"alias": "ERPDSN"}),
    # Oracle
    ("scott/x@ora7:1521/erp", {"server": "ora7", "database": "erp", "user": "scott"}),
    ("scott/x@ERP", {"alias": "ERP", "user": "scott"}),
    ("ora7:1521/erp", {"server": "ora7", "port": 1521, "database": "erp"}),
    (TNS, {"server": "r1", "port": 1521, "database": "erp", "grammar": "tns"}),
    # Azure
    ("DefaultEndpointsProtocol=https;AccountName=acct1;AccountKey=x", {"server": "acct1.blob.core.windows.net"}),
    ("AccountEndpoint=https://c1.documents.azure.com:443/;AccountKey=x", {"server": "c1.documents.azure.com", "port": 443}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), CONNECTIONS, ids=[t[:60] for t, _ in CONNECTIONS])
def test_connection_is_taken_apart(text: str, told: dict[str, Any]) -> None:
    found = connection(text)
    assert found is not None
    assert {k: getattr(found, k) for k in told} == told


@pytest.mark.parametrize(("text", "told"), CONNECTIONS, ids=[t[:60] for t, _ in CONNECTIONS])
def test_what_was_kept_of_it_is_taken_apart_the_same_way(text: str, told: dict[str, Any]) -> None:
    found = connection(text)
    assert found is not None
    again = connection(found.text)
    assert again is not None
    assert (again.place, again.port, again.database, again.alias, again.file) == (
        found.place, found.port, found.database, found.alias, found.file,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "x", "a=b;c=d", "text/html; charset=utf-8", "level=info", "http://www.w3.org/2001/XMLSchema", "path/to/file", "SELECT a FROM b WHERE c = 1",
     "width: 100px; height: 2em", "name=foo", "jdbc:", "jdbc:x", "postgresql://", "font-family=x;server", "mailto:a@b", "12:30/x", "user@host", "urn:x:y",
     "UseDevelopmentStorage=true", "sqlite:///:memory:"],
)  # fmt: skip
def test_what_is_no_connection_is_none(text: str) -> None:
    assert connection(text) is None


def test_a_provider_beside_it_tells_a_tns_name_from_a_server() -> None:
    text = "Data Source=ERP;User Id=scott"
    found, plain = connection(text, driver="Oracle.ManagedDataAccess.Client"), connection(text)
    assert found is not None
    assert plain is not None
    assert (found.alias, found.server) == ("ERP", None)
    assert plain.server == "ERP"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (r"\\nas7\data$\in\a.csv", ("nas7", "data$", "in/a.csv")), ("//nas7/data", ("nas7", "data", "")),
        (r"\\\\nas7\\data\\in", ("nas7", "data", "in")), (r"\\nas7.corp@SSL\DavWWWRoot\x", ("nas7.corp", "DavWWWRoot", "x")),
        (r"\\?\UNC\nas7\data\x", ("nas7", "data", "x")), (r"\\10.0.0.7\My Share\a b.xls", ("10.0.0.7", "My Share", "a b.xls")),
        (r"\\.\pipe\x", None), (r"\\nas7", None), ("C:\\x", None), ("// comment", None), (r"\\?\C:\x", None),
    ],
)  # fmt: skip
def test_unc_path_is_taken_apart(text: str, parts: tuple[str, str, str] | None) -> None:
    found = unc(text)
    assert (found and (found.server, found.share, found.path)) == parts


@pytest.mark.parametrize(
    ("text", "scheme", "host", "bucket", "path"),
    [
        ("s3://backups/2024/a.bak", "s3", "backups", "backups", "2024/a.bak"),
        ("https://backups.s3.eu-west-1.amazonaws.com/a", "https", "backups.s3.eu-west-1.amazonaws.com", "backups", "a"),
        ("https://s3.eu-west-1.amazonaws.com/backups/a", "https", "s3.eu-west-1.amazonaws.com", "backups", "a"),
        ("https://acct.blob.core.windows.net/c1/a?sig=x", "https", "acct.blob.core.windows.net", "c1", "a"),
        ("abfss://c1@acct.dfs.core.windows.net/p", "abfss", "acct.dfs.core.windows.net", "c1", "p"),
        ("gs://b1/x", "gs", "b1", "b1", "x"), ("sftp://u:p@h:2222/out/", "sftp", "h", None, "out"),
        ("ftp://u:a@b/c@h/x", "ftp", "h", None, "x"), ("http://[::1]:9000/b", "http", "::1", None, "b"),
    ],
)  # fmt: skip
def test_url_is_taken_apart(text: str, scheme: str, host: str, bucket: str | None, path: str) -> None:
    found = url(text)
    assert found is not None
    assert (found.scheme, found.host, found.bucket, found.path) == (scheme, host, bucket, path)


def test_a_page_of_the_web_is_no_store() -> None:
    told = {
        t: (f := url(t)) is not None and f.of_store
        for t in ("https://corp.lan/x", "s3://b/x", "sftp://h/", "https://bkt.s3.amazonaws.com/")
    }
    assert told == {
        "https://corp.lan/x": False,
        "s3://b/x": True,
        "sftp://h/": True,
        "https://bkt.s3.amazonaws.com/": True,
    }


@pytest.mark.parametrize(
    ("text", "status_"),
    [
        ("Server=${DB};Database=x", "template"), ("Server=%DB%;Database=x", "template"), ("Server=$(Db);Database=x", "template"),
        ("@[User::Server]", "template"), ("host={{ db }}", "template"), ("#{db}", "template"), ("__DB_HOST__", "template"),
        ("Server=<server>;Database=x", "placeholder"), ("Server=changeme", "placeholder"), ("https://example.com/x", "placeholder"),
        ("sftp://db.example.org/", "placeholder"), ("postgres://db.test/x", "placeholder"), ("Server=your-server;", "placeholder"),
        ("Server=xxx;Database=x", "placeholder"), ("Server=myServerAddress;Database=myDataBase", "placeholder"),
        ("Server=localhost;Database=erp", "active"), ("Server=sql7;Database=erp;Password=***", "active"), ("https://h/a%20b%2Fc", "active"),
        (r"\\nas7\data$\in", "active"), ("jdbc:oracle:thin:@ora7:1521:ERP", "active"), (r"C:\Inetpub\latest\x.csv", "active"),
        ("Server=sql7;Database=MyDatabaseOfSales", "active"), ("(DESCRIPTION=(HOST=h))", "active"),
    ],
)  # fmt: skip
def test_status_is_told_by_the_text(text: str, status_: str) -> None:
    assert status_of(text) == status_


def test_what_is_commented_stays_so_whatever_it_holds() -> None:
    assert status_of("Server=${DB}", "commented") == "commented"
    assert variables("a ${X} $(Y) %Z% ${X}") == ("${X}", "$(Y)", "%Z%")


@given(st.text(max_size=300))
def test_no_text_makes_any_of_them_fail(text: str) -> None:
    for made in (
        connection(text),
        unc(text),
        url(text),
        connection("jdbc:" + text),
        connection("Server=" + text),
        connection("(" + text),
    ):
        assert made is None or made
    status_of(text)


@given(st.sampled_from([t for t, _ in CONNECTIONS]), st.integers(0, 80), st.text(max_size=5))
def test_damaged_connections_fail_nothing(text: str, at: int, put: str) -> None:
    connection(text[:at] + put + text[at:])
    connection(text[:at])
    connection(text[at:])


def test_examples_in_the_docstrings() -> None:
    import scanner.locators.connection as module  # noqa: PLC0415
    import scanner.locators.unc as paths  # noqa: PLC0415
    from scanner.locators import connection as _  # noqa: F401, PLC0415

    del module, paths
    for each in (commands, cut, database_urls, jdbc, oracle, shape, statements, status, urls, words):
        assert doctest.testmod(each).failed == 0
