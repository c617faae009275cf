"""Names that database clients know, and sites that clients keep."""
# ruff: noqa: E501 - samples are long lines, as the files are

from __future__ import annotations

from tests.extractors.reading import CANARY, quotes, read

TNS = """# the names of this house
ERP, ERP.WORLD =
  (DESCRIPTION =
    (ADDRESS_LIST =
      (ADDRESS = (PROTOCOL = TCP)(HOST = ora7)(PORT = 1521))
      # (ADDRESS = (PROTOCOL = TCP)(HOST = ora6)(PORT = 1521))
    )
    (CONNECT_DATA = (SERVICE_NAME = erp.corp))
  )
#OLD = (DESCRIPTION = (ADDRESS = (HOST = old1)(PORT=1521))
#   (CONNECT_DATA = (SID = OLD)))
HR=(DESCRIPTION=(ADDRESS=(HOST=hr1)(PORT=1522))(CONNECT_DATA=(SID=HR)))
TPL=(DESCRIPTION=(ADDRESS=(HOST=${ORA_HOST})(PORT=1521))(CONNECT_DATA=(SID=T)))
SAMPLE=(DESCRIPTION=(ADDRESS=(HOST=<hostname>)(PORT=1521))(CONNECT_DATA=(SID=T)))
IFILE=\\\\nas7\\tns\\more.ora
"""


def test_tnsnames() -> None:
    told = {m.alias: m for m in quotes("admin/tnsnames.ora", TNS) if m.alias}
    assert set(told) == {"ERP", "ERP.WORLD", "OLD", "HR", "TPL", "SAMPLE"}
    erp = told["ERP"]
    assert (erp.server, erp.port, erp.database, erp.line, erp.action) == ("ora7", 1521, "erp.corp", 2, "defines")
    assert "ora6" not in erp.locator
    assert (told["OLD"].status, told["OLD"].server, told["OLD"].line) == ("commented", "old1", 10)
    assert (told["TPL"].status, told["SAMPLE"].status) == ("template", "placeholder")
    assert [m.locator for m in quotes("a/tnsnames.ora", TNS) if m.origin == "tnsnames/IFILE"] == [
        r"\\nas7\tns\more.ora"
    ]


def test_a_descriptor_without_its_end_is_told_and_does_not_swallow_the_rest() -> None:
    mentions, troubles = read("tnsnames.ora", "A=(DESCRIPTION=(ADDRESS=(HOST=a)\n")
    assert [m.server for m in mentions] == ["a"]
    assert [t.code for t in troubles] == ["CONTENT_DAMAGED"]


def test_listener_and_sqlnet() -> None:
    text = "LISTENER=(DESCRIPTION_LIST=(DESCRIPTION=\n(ADDRESS=(PROTOCOL=TCP)(HOST=ora7)(PORT=1521))))\nSID_LIST_LISTENER=(SID_LIST=(SID_DESC=(SID_NAME=ERP)))\n"
    (made,) = quotes("listener.ora", text)
    assert (made.server, made.port, made.database, made.line) == ("ora7", 1521, "ERP", 2)
    sqlnet = "WALLET_LOCATION=(SOURCE=(METHOD=FILE)(METHOD_DATA=(DIRECTORY=/u01/wallet)))\nDIRECTORY_SERVERS=(oid1:389:636,oid2:389)\n"
    assert [(m.kind, m.locator) for m in quotes("sqlnet.ora", sqlnet)] == [
        ("path", "/u01/wallet"),
        ("host", "oid1:389"),
        ("host", "oid2:389"),
    ]


def test_odbc_sources_of_every_kind() -> None:
    text = f"""[ODBC Data Sources]
erp=SQL Server
[erp]
Driver = ODBC Driver 17 for SQL Server
Server = sql7,1433
Database = erp
PWD={CANARY}
[ora]
Driver=Oracle
DBQ=ERP
#[old]
#Driver=PostgreSQL
#Servername=pg5
#Database=x
#Password={CANARY}
"""
    told = {m.alias: m for m in quotes("etc/odbc.ini", text)}
    assert (told["erp"].server, told["erp"].port, told["erp"].database, told["erp"].line) == ("sql7", 1433, "erp", 4)
    assert (told["ora"].via, told["ora"].server) == ("ERP", None)
    assert (told["old"].status, told["old"].server) == ("commented", "pg5")
    (made,) = quotes("dsn/erp.dsn", f"[ODBC]\nDRIVER=SQL Server\nSERVER=sql7\nDATABASE=erp\nPWD={CANARY}\n")
    assert (made.alias, made.server, made.action) == ("erp", "sql7", "defines")
    (made,) = quotes("freetds.conf", "[global]\n tds version = 7.4\n[EGS]\n\thost = sql7.corp\n\tport = 1433\n")
    assert (made.alias, made.server, made.port) == ("EGS", "sql7.corp", 1433)
    (made,) = quotes("home/.pg_service.conf", f"[erp]\nhost=pg7\nport=5433\ndbname=erp\npassword={CANARY}\n")
    assert (made.alias, made.server, made.port, made.database, made.action) == ("erp", "pg7", 5433, "erp", "defines")
    (made,) = quotes(
        "etc/my.cnf", f"[mysqld]\ndatadir=/srv/x\nport=3306\n[client]\nhost=my7\nport=3307\nuser=u\npassword={CANARY}\n"
    )
    assert (made.alias, made.server, made.port, made.driver) == ("client", "my7", 3307, "mysql")


REG = rf"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Network\P]
"RemotePath"="\\\\nas7\\data"
"UserName"="corp\\x"

[HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2\##nas8#share$]
"x"="y"

[HKEY_LOCAL_MACHINE\SOFTWARE\ODBC\ODBC.INI\ERP]
"Driver"="C:\\WINDOWS\\system32\\SQLSRV32.dll"
"Server"="sql7"
"Database"="erp"
"Password"="{CANARY}"

[-HKEY_CURRENT_USER\Network\Q]
"RemotePath"="\\\\nas5\\gone"

[HKEY_CURRENT_USER\Software\SimonTatham\PuTTY\Sessions\erp%20prod]
"HostName"="app@unix7"
"PortNumber"=dword:00000016
"Protocol"="ssh"

[HKEY_LOCAL_MACHINE\SOFTWARE\Acme]
"Conn"="Provider=SQLOLEDB;Data Source=sql9;Initial Catalog=q;Password={CANARY}"
"Dir"=hex(2):5c,00,5c,00,6e,00,61,00,73,00,39,00,5c,00,\
  73,00,00,00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\MSSQLServer\Client\ConnectTo]
"ERPALIAS"="DBMSSOCN,sql7,1500"
"""


def test_registry_export() -> None:
    for content in (REG, b"\xff\xfe" + REG.encode("utf-16-le")):
        told = {m.line: m for m in quotes("backup/users.reg", content)}
        assert (told[4].kind, told[4].locator, told[4].alias, told[4].action) == ("unc", r"\\nas7\data", "P:", "mounts")
        assert told[7].locator == r"\\nas8\share$"
        assert (told[11].alias, told[11].server, told[11].database) == ("ERP", "sql7", "erp")
        assert (told[17].status, told[17].server) == ("commented", "nas5")
        assert (told[20].locator, told[20].alias, told[20].port) == ("ssh://app@unix7:22/", "erp prod", 22)
        assert (told[25].server, told[26].locator) == ("sql9", r"\\nas9\s")
        assert (told[30].alias, told[30].server, told[30].port) == ("ERPALIAS", "sql7", 1500)


def test_sites_of_file_transfer_clients() -> None:
    (made,) = quotes(
        "WinSCP.ini",
        f"[Sessions\\prod%20x]\nHostName=sftp.partner.lan\nPortNumber=2222\nUserName=u\nPassword={CANARY}\nRemoteDirectory=/out\n",
    )
    assert (made.locator, made.alias) == ("sftp://u@sftp.partner.lan:2222/out", "prod x")
    text = f"""<FileZilla3><Servers><Server><Host>ftp7</Host><Port>21</Port><Protocol>0</Protocol><User>u</User><Pass>{CANARY}</Pass>
    <Name>Bank</Name><RemoteDir>1 0 3 out 2 in</RemoteDir></Server></Servers></FileZilla3>"""
    (made,) = quotes("sitemanager.xml", text)
    assert (made.locator, made.alias) == ("ftp://u@ftp7:21/out/in", "Bank")
    remotes = f"[nas]\ntype = sftp\nhost = nas7\nuser = u\npass = {CANARY}\n[minio]\ntype = s3\nendpoint = http://minio1:9000\nsecret_access_key = {CANARY}\n[enc]\ntype = crypt\nremote = nas:/enc\n"
    assert [(m.alias, m.kind, m.locator) for m in quotes("rclone.conf", remotes)] == [
        ("nas", "url", "sftp://u@nas7/"), ("minio", "url", "http://minio1:9000"), ("enc", "reference", "nas:/enc"),
    ]  # fmt: skip
    (made,) = quotes(
        ".s3cfg",
        f"[default]\naccess_key = {CANARY}\nhost_base = s3.corp.lan:9000\nhost_bucket = %(bucket)s.s3.corp.lan\nsecret_key = {CANARY}\n",
    )
    assert (made.server, made.port) == ("s3.corp.lan", 9000)


def test_hosts_of_ssh() -> None:
    text = "unix7,10.0.0.7 ssh-rsa AAAA\n[sftp.x.lan]:2222 ssh-ed25519 AAAA\n|1|abc=|def= ssh-rsa AAAA\n|1|abd=|deg= ssh-rsa AAAA\n@revoked bad1 ssh-rsa AAAA\n"
    mentions, troubles = read(".ssh/known_hosts", text)
    assert [(m.server, m.port, m.status) for m in mentions] == [
        ("unix7", None, "active"), ("10.0.0.7", None, "active"), ("sftp.x.lan", 2222, "active"), ("bad1", None, "commented"),
    ]  # fmt: skip
    assert [t.detail for t in troubles] == ["line 3: 2 hosts are kept as hashes and cannot be told"]
    config = "Host erp\n  HostName unix7.corp\n  User app\n  ProxyJump u@jump1:22\nHost *\n  Compression yes\n"
    assert [(m.locator, m.alias) for m in quotes("home/.ssh/config", config)] == [
        ("ssh://app@unix7.corp/", "erp"),
        ("jump1:22", None),
    ]
    assert [(m.server, m.user, m.status) for m in quotes(".netrc", f"machine ftp7 login u password {CANARY}\n#machine old login x password {CANARY}\n")] == [
        ("ftp7", "u", "active"), ("old", "x", "commented"),
    ]  # fmt: skip


def test_saved_connections_of_database_clients() -> None:
    text = f"""{{"connections":{{"a-1":{{"provider":"postgresql","name":"ERP prod","configuration":{{"host":"pg1","port":"5432","database":"erp",
    "url":"jdbc:postgresql://pg1:5432/erp","password":"{CANARY}"}}}}}}}}"""
    (made,) = quotes("ws/.dbeaver/data-sources.json", text)
    assert (made.alias, made.server, made.database, made.action) == ("ERP prod", "pg1", "erp", "defines")
    (made,) = quotes(
        "servers.json",
        '{"Servers":{"1":{"Name":"p","Port":5432,"Username":"u","Host":"pg1","MaintenanceDB":"postgres"}}}',
    )
    assert (made.alias, made.server, made.port, made.user) == ("p", "pg1", 5432, "u")
    ssms = f"<R><S><Name>x</Name><ConnectionStringWithEncryptedPassword>server=sql7\\a;uid=sa;password={CANARY}</ConnectionStringWithEncryptedPassword></S></R>"
    (made,) = quotes("local.regsrvr", ssms)
    assert (made.alias, made.server) == ("x", r"sql7\a")
