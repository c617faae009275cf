"""Configuration files of programs: what each quotes, in force, commented out, as a template or example; no secret."""
# ruff: noqa: E501 - samples are long lines, as the files are

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.extractor import Mention, NotMine, Trouble, Unread
from scanner.extractors import clients, databases, dotnet, generic, jee
from scanner.extractors import settings as family
from tests.extractors.reading import CANARY, quotes, read

SETS = Path(__file__).parents[3] / "shared" / "eval" / "refs"
FAMILIES = (dotnet, jee, family, clients, databases, generic)

WEB_CONFIG = rf"""<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <configSections><section name="x" type="System.X, System, PublicKeyToken=b77a5c561934e089"/></configSections>
  <connectionStrings>
    <add name="Erp" connectionString="Data Source=sql7\erp;Initial Catalog=Sales;User ID=app;Password={CANARY}" providerName="System.Data.SqlClient"/>
    <add name="Model" connectionString="metadata=res://*/M.csdl;provider=System.Data.SqlClient;provider connection string=&quot;data source=sql8;initial catalog=Hr;password={CANARY}&quot;" providerName="System.Data.EntityClient"/>
    <add name="Ora" connectionString="Data Source=ORAPROD;User Id=a;Password={CANARY}" providerName="Oracle.DataAccess.Client"/>
    <!-- <add name="Old" connectionString="Server=sql5;Database=Sales;Password={CANARY}"/> -->
    <add name="Deploy" connectionString="Server=$(DbServer);Database=Sales"/>
    <add name="Sample" connectionString="Server=<server>;Database=x"/>
  </connectionStrings>
  <appSettings file="extra.config">
    <add key="Report" value="Provider=SQLOLEDB;Data Source=sql9;Initial Catalog=Reports;pwd={CANARY}"/>
    <add key="ExportPath" value="\\nas7\export$\daily"/>
    <add key="Drop" value="sftp://u:{CANARY}@sftp.partner.lan/in"/>
    <add key="Service" value="https://intranet.corp.lan/service.asmx"/>
    <add key="ApiKey" value="{CANARY}"/>
    <add key="DbHost" value="my7"/><add key="DbName" value="shop"/><add key="DbPassword" value="{CANARY}"/>
  </appSettings>
  <nlog><targets><target type="File" fileName="\\nas8\logs\app.log"/></targets></nlog>
  <system.web><sessionState mode="SQLServer" sqlConnectionString="data source=sqlstate;user id=s;password={CANARY}"/></system.web>
  <applicationSettings><A.Settings><setting name="ErpConnectionString" serializeAs="String"><value>Data Source=sql6;Initial Catalog=Old</value></setting></A.Settings></applicationSettings>
</configuration>
""".replace("<server>", "&lt;server&gt;")


def test_web_config() -> None:
    told = {m.alias or m.locator: m for m in quotes("app/web.config", WEB_CONFIG)}
    erp = told["Erp"]
    assert (erp.line, erp.server, erp.database, erp.user, erp.driver) == (
        5,
        r"sql7\erp",
        "Sales",
        "app",
        "System.Data.SqlClient",
    )
    assert (erp.kind, erp.status, erp.action, erp.origin) == (
        "connection_string",
        "active",
        "connects",
        "dotnet/connectionStrings",
    )
    assert (told["Model"].server, told["Model"].database) == ("sql8", "Hr")
    assert (told["Ora"].server, told["Ora"].via) == (None, "ORAPROD")
    assert (told["Old"].status, told["Old"].line, told["Old"].server) == ("commented", 8, "sql5")
    assert (told["Deploy"].status, told["Sample"].status) == ("template", "placeholder")
    assert (told["extra.config"].kind, told["extra.config"].action) == ("path", "reads")
    assert told["Report"].server == "sql9"
    assert told[r"\\nas7\export$\daily"].kind == "unc"
    assert told["sftp://u:***@sftp.partner.lan/in"].server == "sftp.partner.lan"
    assert r"\\nas8\logs\app.log" in told
    assert {m.server for m in told.values()} >= {"my7", "sqlstate", "sql6"}
    assert not any("intranet" in name for name in told)


def test_a_damaged_config_gives_what_came_before_the_damage() -> None:
    mentions, troubles = read("a/web.config", WEB_CONFIG[:700])
    assert [m.alias for m in mentions][:1] == ["Erp"]
    assert [t.code for t in troubles] == ["CONTENT_DAMAGED"]


def test_an_entity_bomb_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><configuration><add connectionString="Server=s;Database=d"/></configuration>'
    assert [t.code for t in read("a/web.config", bomb)[1]] == ["CONTENT_REFUSED"]


def test_a_removing_transform_is_switched_off() -> None:
    text = '<configuration xmlns:xdt="x"><connectionStrings><add name="E" connectionString="Server=s;Database=d" xdt:Transform="Remove"/></connectionStrings></configuration>'
    assert [m.status for m in quotes("a/Web.Release.config", text)] == ["commented"]


def test_appsettings_json_with_comments() -> None:
    text = f"""{{
  "ConnectionStrings": {{
    "Default": "Server=sql7;Database=Erp;Password={CANARY}",
    // "Old": "Server=sql5;Database=Erp;Password={CANARY}",
    "Lake": "DefaultEndpointsProtocol=https;AccountName=acct1;AccountKey={CANARY}=="
  }},
  "Import": {{ "Folder": "\\\\\\\\nas7\\\\in",
    "Template": "jdbc:postgresql://${{PG}}/x" }},
  "Redis": {{ "Host": "r7", "Port": 6379, "Password": "{CANARY}" }}
}}"""
    told = {(m.line, m.status): m for m in quotes("a/appsettings.Production.json", text)}
    assert (told[3, "active"].alias, told[3, "active"].server) == ("Default", "sql7")
    assert (told[4, "commented"].alias, told[4, "commented"].server) == ("Old", "sql5")
    assert told[5, "active"].server == "acct1.blob.core.windows.net"
    assert told[7, "active"].locator == "\\\\nas7\\in"
    assert told[8, "template"].database == "x"
    assert (told[9, "active"].server, told[9, "active"].port) == ("r7", 6379)


PERSISTENCE = f"""<persistence><persistence-unit name="erp">
  <jta-data-source>java:jboss/datasources/ErpDS</jta-data-source>
  <!-- <non-jta-data-source>java:/OldDS</non-jta-data-source> -->
  <properties>
    <property name="javax.persistence.jdbc.url" value="jdbc:postgresql://pg7/erp?password={CANARY}"/>
    <property name="javax.persistence.jdbc.password" value="{CANARY}"/>
  </properties></persistence-unit></persistence>"""


def test_persistence_xml() -> None:
    told = {m.locator: m for m in quotes("META-INF/persistence.xml", PERSISTENCE)}
    assert (told["java:jboss/datasources/ErpDS"].kind, told["java:jboss/datasources/ErpDS"].line) == ("reference", 2)
    assert (told["java:/OldDS"].status, told["java:/OldDS"].line) == ("commented", 3)
    assert told["jdbc:postgresql://pg7/erp?password=***"].server == "pg7"


def test_data_sources_of_application_servers_have_their_names() -> None:
    standalone = f"""<server xmlns="urn:jboss:domain:4.0"><profile><subsystem><datasources>
  <datasource jndi-name="java:jboss/datasources/ErpDS" pool-name="ErpDS" enabled="true">
    <connection-url>jdbc:oracle:thin:@ora7:1521/erp</connection-url>
    <security><user-name>app</user-name><password>{CANARY}</password></security>
  </datasource>
  <xa-datasource jndi-name="java:/XaDS"><xa-datasource-property name="ServerName">pg7</xa-datasource-property>
    <xa-datasource-property name="DatabaseName">hr</xa-datasource-property></xa-datasource>
</datasources></subsystem></profile></server>"""
    told = {m.alias: m for m in quotes("conf/standalone.xml", standalone)}
    erp, xa = told["java:jboss/datasources/ErpDS"], told["java:/XaDS"]
    assert (erp.server, erp.port, erp.database, erp.line) == ("ora7", 1521, "erp", 3)
    assert (xa.server, xa.database) == ("pg7", "hr")
    context = f"""<Context><Resource name="jdbc/Erp" type="javax.sql.DataSource" url="jdbc:mysql://my7:3306/shop" username="u" password="{CANARY}"/>
    <ResourceLink name="jdbc/Local" global="jdbc/Global" type="x"/></Context>"""
    told = {m.alias: m for m in quotes("META-INF/context.xml", context)}
    assert (told["jdbc/Erp"].server, told["jdbc/Local"].locator) == ("my7", "jdbc/Global")
    weblogic = f"""<jdbc-data-source><name>HrDS</name><jdbc-driver-params><url>jdbc:sqlserver://sql7:1433;databaseName=hr</url>
    <properties><property><name>user</name><value>u</value></property></properties><password-encrypted>{{AES}}{CANARY}</password-encrypted></jdbc-driver-params>
    <jdbc-data-source-params><jndi-name>jdbc/hr</jndi-name></jdbc-data-source-params></jdbc-data-source>"""
    told = {m.alias: m for m in quotes("config/jdbc/hr-jdbc.xml", weblogic)}
    assert told["jdbc/hr"].server == "sql7"
    web = "<web-app><resource-ref><res-ref-name>jdbc/Erp</res-ref-name><res-type>javax.sql.DataSource</res-type></resource-ref></web-app>"
    assert [(m.kind, m.locator) for m in quotes("WEB-INF/web.xml", web)] == [("reference", "jdbc/Erp")]
    hibernate = f"""<hibernate-configuration><session-factory><property name="hibernate.connection.url">jdbc:db2://db2h:50000/HR</property>
    <property name="connection.password">{CANARY}</property></session-factory></hibernate-configuration>"""
    assert [m.server for m in quotes("hibernate.cfg.xml", hibernate)] == ["db2h"]


def test_spring_properties() -> None:
    text = rf"""spring.datasource.url=jdbc:postgresql://pg7:5432/erp?password={CANARY}
#spring.datasource.url=jdbc:oracle:thin:scott/{CANARY}@old1:1521:ERP
report.url=jdbc:sqlserver\://${{DB_HOST:sql7}};databaseName=R
server.port=8080
db.host=my7
db.port=3306
db.name=shop
db.password={CANARY}
ftp.server=ftp7.corp
export.dir=\\\\nas1\\out\\x
spring.datasource.jndi-name=java:comp/env/jdbc/erp
sample.url=jdbc:mysql://db.example.com/x
"""
    told = {m.line: m for m in quotes("config/application-prod.properties", text)}
    assert (told[1].server, told[1].port, told[1].database) == ("pg7", 5432, "erp")
    assert (told[2].status, told[2].server, told[2].user) == ("commented", "old1", "scott")
    assert (told[3].status, told[12].status) == ("template", "placeholder")
    assert (told[5].server, told[5].port, told[5].database) == ("my7", 3306, "shop")
    assert (told[9].kind, told[10].locator, told[11].kind) == ("host", r"\\nas1\out\x", "reference")
    assert len(told) == 8


def test_yaml_of_spring_and_rails() -> None:
    spring = f"""spring:
  datasource:
    url: jdbc:mysql://my7:3306/shop
    password: {CANARY}
---
spring:
  config: {{activate: {{on-profile: prod}}}}
  datasource:
    url: "jdbc:oracle:thin:scott/{CANARY}@//ora7:1521/erp"
    # url: jdbc:mysql://old:3306/shop
"""
    assert [(m.line, m.server, m.status) for m in quotes("application.yml", spring)] == [
        (3, "my7", "active"), (9, "ora7", "active"), (10, "old", "commented"),
    ]  # fmt: skip
    rails = f"default: &d\n  adapter: postgresql\nproduction:\n  <<: *d\n  adapter: mysql2\n  host: my8\n  database: shop\n  password: {CANARY}\n"
    (made,) = quotes("config/database.yml", rails)
    assert (made.alias, made.server, made.database, made.driver, made.line) == (
        "production",
        "my8",
        "shop",
        "mysql2",
        6,
    )


def test_yaml_that_is_none_is_read_by_the_line() -> None:
    text = f"db:\n  host: my7\n  name: x\n{{% if x %}}\nurl: jdbc:mysql://my8/shop?password={CANARY}\n"
    mentions, troubles = read("config/database.yml", text)
    assert "my8" in {m.server for m in mentions}
    assert [t.code for t in troubles] == ["CONTENT_DAMAGED"]


def test_yaml_aliases_do_not_multiply() -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
    )
    start = time.process_time()
    quotes("config/settings.yml", text)
    assert time.process_time() - start < 2


def test_environment_files() -> None:
    text = f"""DB_CONNECTION=mysql
DB_HOST=my7
DB_DATABASE=laravel
DB_PASSWORD={CANARY}
DATABASE_URL="postgres://u:{CANARY}@pg7:5432/x"
AWS_SECRET_ACCESS_KEY={CANARY}
export PGHOST=pg9
PGDATABASE=z
#SFTP_HOST=sftp1.corp
BUCKET=s3://bkt/x
"""
    told = {m.line: m for m in quotes("app/.env", text)}
    assert (told[2].server, told[2].database, told[2].driver) == ("my7", "laravel", "mysql")
    assert (told[5].server, told[7].server, told[7].database) == ("pg7", "pg9", "z")
    assert (told[9].kind, told[9].status, told[10].database) == ("host", "commented", "bkt")


def test_php_python_and_perl() -> None:
    php = f"""<?php
define('DB_NAME', 'wordpress');
define( 'DB_HOST', 'my9:3307' );
define('DB_PASSWORD', '{CANARY}');
// define('DB_HOST', 'old9'); define('DB_NAME', 'wp');
$db = mysqli_connect("my1", "u", "{CANARY}", "shop");
$c = new PDO('pgsql:host=pg1;dbname=erp;password={CANARY}', 'u', '{CANARY}');
$o = oci_connect('scott', '{CANARY}', 'ora7:1521/erp');
# $m = mssql_connect('sql5', 'sa', '{CANARY}');
$config = array('host' => 'sql8', 'database' => 'x', 'driver' => 'sqlsrv', 'password' => '{CANARY}');
odbc_connect("ERPDSN", "u", "{CANARY}");
"""
    told = {(m.line, m.status): m for m in quotes("site/wp-config.php", php)}
    assert (told[3, "active"].server, told[3, "active"].port, told[3, "active"].database) == ("my9", 3307, "wordpress")
    assert told[5, "commented"].server == "old9"
    assert [told[n, "active"].server for n in (6, 7, 8, 10)] == ["my1", "pg1", "ora7", "sql8"]
    assert told[9, "commented"].server == "sql5"
    assert (told[11, "active"].kind, told[11, "active"].locator) == ("reference", "ERPDSN")
    django = f"""DATABASES = {{
    'default': {{
        'ENGINE': 'django.db.backends.postgresql', 'NAME': 'erp',
        'PASSWORD': '{CANARY}',
        'HOST': 'pg7',
    }},
    'old': {{'ENGINE': 'django.db.backends.oracle', 'NAME': 'ORA', 'HOST': 'ora1'}},
}}
SQLALCHEMY_DATABASE_URI = "postgresql://u:{CANARY}@pg2/erp"
"""
    assert {(m.server, m.database) for m in quotes("site/settings.py", django)} == {
        ("pg7", "erp"),
        ("ora1", "ORA"),
        ("pg2", "erp"),
    }
    perl = f"my $d = DBI->connect(\"dbi:Oracle:host=ora7;sid=ERP\", 'scott', '{CANARY}');\n# DBI->connect('DBI:mysql:shop:my5');\n"
    assert [(m.server, m.status) for m in quotes("bin/load.pl", perl)] == [("ora7", "active"), ("my5", "commented")]


def test_ini_and_toml_by_sections() -> None:
    text = f"[database]\nserver=sql7\\erp\ndatabase=Sales\npwd={CANARY}\n[paths]\nin=\\\\nas\\in\n; out=\\\\nas\\out\n[mail]\nhost=smtp.corp\n"
    assert [(m.line, m.kind, m.server, m.status) for m in quotes("a/tool.ini", text)] == [
        (6, "unc", "nas", "active"), (7, "unc", "nas", "commented"), (2, "connection_string", r"sql7\erp", "active"),
    ]  # fmt: skip


def test_pgpass_keeps_the_place_alone() -> None:
    text = f"db7:5432:erp:app:{CANARY}\n*:*:*:x:{CANARY}\n#old:5432:*:app:{CANARY}\n"
    assert [(m.server, m.port, m.user, m.status) for m in quotes("home/.pgpass", text)] == [
        ("db7", 5432, "app", "active"), ("old", 5432, "app", "commented"),
    ]  # fmt: skip


def test_the_labelled_set_of_references() -> None:
    if not SETS.is_dir():
        pytest.skip("the labelled set is not beside this project")
    with gzip.open(SETS / "labels.jsonl.gz", "rt") as lines:
        labels = [json.loads(line) for line in lines]
    with gzip.open(SETS / "files.jsonl.gz", "rt") as lines:
        files = {f["path"]: f["text"] for f in map(json.loads, lines)}
    wanted = {(x["file"], x["raw"]) for x in labels if x["kind"] == "jee-jta-data-source"}
    assert wanted == {
        (p, m.locator) for p in {p for p, _ in wanted} for m in read(p, files[p])[0] if m.origin == "jee/jta-data-source"
    }  # fmt: skip
    gold = {(x["file"], x["name"]) for x in labels if x["kind"] == "dotnet-config" and x.get("server")}
    told = {(p, m.alias) for p, _ in gold for m in read(p, files[p])[0] if m.kind == "connection_string" and m.server}
    assert told == gold


SAMPLES = [
    ("a/web.config", WEB_CONFIG), ("a/appsettings.json", '{"ConnectionStrings": {"A": "Server=s;Database=d"}, "L": [1, {"x": "\\\\\\\\a\\\\b"}]}'),
    ("META-INF/persistence.xml", PERSISTENCE), ("a.properties", "a.url=jdbc:mysql://h/d\n#b=\\\\\\\\x\\\\y\n"), ("a.yml", "a:\n  - b: {c: 1}\n  - &x y\n"),
    ("a.php", "<?php define('DB_HOST','x'); define('DB_NAME','y'); mysqli_connect('a','b','c','d');"), (".pgpass", "a:1:b:c:d\n"),
    ("tnsnames.ora", "A,B=(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1))(CONNECT_DATA=(SID=x)))\n#C=(DESCRIPTION=\n#(HOST=z))\nIFILE=/x\n"),
    ("listener.ora", "L=(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1)))"), ("sqlnet.ora", "W=(DIRECTORY=/u/w)\nDIRECTORY_SERVERS=(a:1,b)\n"),
    ("odbc.ini", "[a]\nDriver=x\nServer=s\nDatabase=d\n"), ("x.reg", 'REGEDIT4\n[HKEY_CURRENT_USER\\Network\\P]\n"RemotePath"="\\\\\\\\a\\\\b"\n"x"=hex(2):5c,00,\\\n 5c,00\n'),
    ("winscp.ini", "[Sessions\\a]\nHostName=h\n"), ("sitemanager.xml", "<FileZilla3><Servers><Server><Host>h</Host></Server></Servers></FileZilla3>"),
    ("known_hosts", "a,b ssh-rsa AAAA\n|1|x|y ssh-rsa AAA\n"), (".ssh/config", "Host a\n HostName b\n ProxyJump c,d\n"), (".netrc", "machine a login b password c"),
    ("data-sources.json", '{"connections":{"a":{"name":"n","configuration":{"host":"h","port":"1"}}}}'), ("rclone.conf", "[a]\ntype = sftp\nhost = h\n"),
    (".s3cfg", "[default]\nhost_base = h.x:1\n"), ("a.regsrvr", "<R><S><ServerName>h</ServerName></S></R>"), ("a.ini", '[db]\nhost=a\ndatabase=b\nempty=\n"=\n'),
    ("a.json", '{"a": [[[{"host": "h", "database": "d"}]]]}'),
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_samples_raise_nothing_of_their_own(sample: tuple[str, str], data: st.DataObject) -> None:
    path, text = sample
    body = bytearray(text.encode())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 12))] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"(((((", b"]]>", b"\0", b"\xff\xfe", b'"', b"{{", b"'"])
        )
    _all(path, bytes(body))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([p for p, _ in SAMPLES]), st.binary(max_size=400))
def test_random_bytes_raise_nothing_of_their_own(path: str, body: bytes) -> None:
    _all(path, body)


def _all(path: str, body: bytes) -> None:
    for module in FAMILIES:
        for extractor in module.EXTRACTORS:
            if extractor.wants(path.lower()):
                try:
                    for quote in extractor.quote(path, body):
                        assert isinstance(quote, Mention | Trouble)
                except (NotMine, Unread):
                    pass


@pytest.mark.parametrize(
    "piece",
    ["a=", "[a]\n", "<a ", "<!--", '"', "{", "[", "a: ", "- ", "\\\n", "(", "A=(", "A=(\n#", "define('a',", "$a['b']", "'a'=>'b',", "DBI->connect(", "x = ",
     "# a=b\n", "host=h\ndatabase=d\n", '"a":"b",', "[HKEY\\a]\n", '"a"=hex:', "path=/" + "a b.c" * 40 + "!\n", "dir: /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#\n", "machine a ", "a ssh-rsa ", "\t", "&a ", "? ", "! "],
)  # fmt: skip
def test_long_hostile_files_take_no_longer_than_their_length_calls_for(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    for path in (
        "a.config",
        "appsettings.json",
        "web.xml",
        "a.properties",
        "a.yml",
        "a.php",
        ".env",
        "tnsnames.ora",
        "odbc.ini",
        "a.ini",
        "a.json",
    ):
        start = time.process_time()
        _all(path, text.encode())
        assert time.process_time() - start < 5, path
    start = time.process_time()
    _all("a.reg", b"REGEDIT4\n[a]\n" + text.encode())
    assert time.process_time() - start < 5
