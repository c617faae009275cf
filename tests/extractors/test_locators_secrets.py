"""A password, however it is written, is in no field of a mention and in no text that the cutters hand back."""
# ruff: noqa: E501 - a form a line

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.extractors.quoting import quoted
from scanner.locators import (
    connection,
    names_a_secret,
    program_without_secrets,
    statement_without_secrets,
    url,
    without_secrets,
)

CANARY = "caN4ry"
FORMS = (
    "Server=sql7;Database=erp;User ID=app;Password={c}", "Server=sql7;Database=erp;Pwd='{c};x';UID=app",
    'Server=sql7;Password="a""{c}";Database=erp', "Driver={{SQL Server}};Server=sql7;PWD={{{c}}};Database=erp",
    "Driver={{x}};Server=s;PWD={{a}}}};{c}}};Database=d", "DSN=erp;UID=app;PWD={c}", "PWD={c};DSN=erp",
    "Provider=MSDAORA;Data Source=ERP;User ID=scott/{c}", "Provider=x;Data Source=C:\\a.mdb;Jet OLEDB:Database Password={c}",
    'metadata=res://*/M;provider=System.Data.SqlClient;provider connection string="data source=s;password={c};initial catalog=d"',
    "metadata=res://*/M;provider=S;provider connection string=&quot;data source=s;pwd={c};initial catalog=d&quot;",
    "host=db7 dbname=erp user=app password={c}", "host=db7 password='it\\'s {c}' dbname=erp",
    "host=db7 password='it''s {c}' dbname=erp sslpassword={c}",
    "jdbc:sqlserver://sql7:1433;databaseName=erp;user=app;password={c}", "jdbc:sqlserver://sql7;password={{{c};x}};databaseName=erp",
    "jdbc:oracle:thin:scott/{c}@ora7:1521:ERP", "jdbc:oracle:thin:scott/{c}@//ora7:1521/erp", 'jdbc:oracle:thin:scott/"{c}@x"@ora7:1521/erp',
    "jdbc:oracle:oci:scott/{c}@ERP", "jdbc:mysql://app:{c}@my7:3306/shop", "jdbc:mysql://my7/shop?user=app&password={c}&useSSL=false",
    "jdbc:postgresql://pg7/erp?user=app&password={c}", "jdbc:db2://h:50000/D:user=app;password={c};",
    "jdbc:teradata://td/DATABASE=d,USER=u,PASSWORD={c}", "jdbc:snowflake://a.snowflakecomputing.com/?private_key_file_pwd={c}&db=x",
    "jdbc:informix-sqli://h:9088/d:INFORMIXSERVER=x;user=u;password={c}", "jdbc:redshift://h/d?ssl=true&PWD={c}",
    "postgresql://app:{c}@pg7:5432/erp", "postgresql+psycopg2://app:a/{c}@pg7/erp", "mysql+pymysql://app:p%40{c}@my7/shop",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7Bx%7D%3BSERVER%3Ds%3BPWD%3D{c}%3BDATABASE%3Dd",
    "mssql+pyodbc:///?odbc_connect=SERVER%3Ds%3BPWD%3D%7Ba%3B{c}%7D%3BDATABASE%3Dd", "mongodb+srv://u:{c}@c0.mongodb.net/d",
    "mongodb://u:{c}@m1:27017,m2:27017/d", "redis://:{c}@r1:6379/0", "amqp://u:{c}@mq:5672/v", "ldap://cn=x:{c}@dc1/dc=corp",
    "sftp://u:{c}@sftp7/out", "ftp://u:p@{c}@ftp7/out", "https://u:{c}@h/x?y=1", "https://a.blob.core.windows.net/c?sv=1&sig={c}",
    "https://h/x?access_token={c}", "https://b.s3.amazonaws.com/k?X-Amz-Signature={c}&X-Amz-Security-Token={c}",
    "DefaultEndpointsProtocol=https;AccountName=acct1;AccountKey={c}==;EndpointSuffix=core.windows.net",
    "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1&sig={c}",
    "Endpoint=sb://b.servicebus.windows.net/;SharedAccessKeyName=R;SharedAccessKey={c}=", "AccountEndpoint=https://c/;AccountKey={c}",
    "scott/{c}@ora7:1521/erp", "scott/{c}@ERP", "Data Source=scott/{c}@//ora7:1521/erp", "Server=scott/{c}@ERP;Database=x", "Server=u:{c}@h;Database=d",
    "DSN=scott/{c}@ERP;Database=d", "Driver=x;DBQ=scott/{c}@ERP", 'scott/"{c}"@ERP', "pgsql:host=h;dbname=d;password={c}", "mysql:host=h;password={c}",
    "dbi:Pg:dbname=d;host=h;password={c}", "oracle://scott:{c}@ora7/?service_name=erp",
    "(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1))(CONNECT_DATA=(SID=x))(SECURITY=(MY_WALLET_PASSWORD={c})))",
    "Data Source=s;Initial Catalog=d;AccessToken={c}", "Server=s;Database=d;Kennwort={c}", "Server=s;Database=d;mot de passe=x;mdp={c}",
)  # fmt: skip
COMMANDS = (
    "sqlcmd -S s -U sa -P {c} -Q x", "bcp d.t out f -Usa -P{c} -Ss", "osql -E -P '{c}'", "isql -U sa -P{c}", "mysqldump -u root -p{c} d",
    "mysql --password={c} -h h d", "mysql --password '{c}' d", "PGPASSWORD={c} psql -h h d", "sqlplus scott/{c}@ERP @x.sql", "sqlplus -s scott/{c} @x",
    "exp scott/{c}@ERP file=x.dmp", 'impdp system/"{c}"@ERP', "rman target sys/{c}@ERP", "db2 connect to SAMPLE user u using {c}",
    "net use P: \\\\nas7\\data {c} /user:corp\\u", "net use P: \\\\nas7\\data /user:corp\\u {c}", 'net use \\\\nas7\\x "{c} y" /persistent:no',
    "schtasks /create /ru u /rp {c} /tn x", "curl -u u:{c} ftp://h/", "curl --user 'u:{c}' http://h", "wget --http-password={c} http://h",
    "wget ftp://u:{c}@h/x", "smbclient //nas7/x -U u%{c}", "smbclient //nas7/x -U 'u%{c}'", "mount -t cifs //nas7/x /m -o username=u,password={c},rw",
    "sshpass -p {c} scp a u@h:/x", "sshpass -p'{c}' sftp h", "pscp -pw {c} a u@h:/x", "plink -pw {c} h", "lftp -u u,{c} h", "redis-cli -h h -a {c}",
    "ldapsearch -D cn=x -w {c} -h h", "7z a -p{c} x.7z d", "az storage blob upload --account-key {c}", "azcopy --sas-token={c}",
    "New-PSDrive -Credential (ConvertTo-SecureString '{c}' -AsPlainText)", "Connect-X -Password {c} -Server s", "runas /user:u /password:{c} x",
    "AWS_SECRET_ACCESS_KEY={c} aws s3 cp a s3://b/", "export DB_PASSWORD='{c}'", "set PWD={c}", "Authorization: Bearer {c}", "-H 'X-Api-Key: {c}'",
    'winscp /command "open sftp://u:{c}@h/"', "dtexec /f x /set \\Package.Variables[Password];{c}", '{{"password": "{c}"}}',
    "vault login token={c}", "user=u,pass={c},dom=x", "spring.datasource.password={c}", "spring.datasource.password: {c}",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_fault_079_no_field_of_a_mention_holds_a_password(form: str) -> None:
    text = form.format(c=CANARY)
    assert CANARY in text
    assert CANARY not in without_secrets(text)
    for kind in (None, "connection_string", "url", "host", "reference", "path", "unc", "sql"):
        for status in (None, "commented"):
            made = quoted(text if kind != "sql" else f"SELECT * FROM OPENROWSET('x', '{text.replace(chr(39), chr(39) * 2)}', 'y')",
                          origin="test", kind=kind, status=status, alias=text, via=text)  # fmt: skip
            assert made is None or CANARY not in repr(dataclasses.astuple(made)), kind
    found, place = connection(text), url(text)
    assert CANARY not in repr(found) + repr(place)


@pytest.mark.parametrize("form", COMMANDS)
def test_fault_079_no_command_keeps_a_password(form: str) -> None:
    text = form.format(c=CANARY)
    assert CANARY not in without_secrets(text)


@pytest.mark.parametrize("form", [f for f in COMMANDS if not f.startswith(("{{", "Auth", "-H"))])
def test_fault_079_no_job_step_and_no_shell_call_in_sql_keeps_a_password(form: str) -> None:
    text = form.format(c=CANARY)
    assert CANARY not in program_without_secrets(text)
    inside = text.replace("'", "''")
    assert CANARY not in statement_without_secrets(f"EXEC xp_cmdshell '{inside}'")


@pytest.mark.parametrize(
    "token",
    [
        "AKIA" + "ABCDEFGHIJKLMNOP", "gh" + "p_" + "a1B2" * 9, "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0.c2ln",
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n",
    ],
)  # fmt: skip
def test_what_is_a_secret_by_its_own_shape_is_cut(token: str) -> None:
    assert token not in without_secrets(f"deploy to h with {token} now")


@pytest.mark.parametrize(
    "text",
    [
        "Server=sql7;Database=erp;Integrated Security=SSPI;Persist Security Info=False", r"\\nas7\data$\in\a.csv",
        "jdbc:sqlserver://sql7:1433;databaseName=erp;authentication=ActiveDirectoryPassword",
        "s3://bucket/key/of/x.csv", "https://h:8443/x", "D:\\data\\passport\\keys.csv", "rsync -av /srv/x u@h:/srv/y",
        "sqlcmd -S sql7 -d erp -E -i x.sql", "net use P: \\\\nas7\\data /persistent:yes", "psql -h pg7 -p 5432 erp",
        "jdbc:oracle:thin:@ora7:1521/erp", "host=pg7 port=5432 dbname=erp", "robocopy \\\\a\\b \\\\c\\d /MIR /R:3",
        "scp -P 22 a u@h:/x" if False else "scp a u@h:/x", "tar -cpf x.tar dir", "cp -p a b",
    ],
)  # fmt: skip
def test_a_locator_without_a_secret_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


def test_names_of_secrets_are_told_from_others() -> None:
    for name in (
        "password",
        "DB_PASSWORD",
        "spring.datasource.password",
        "AccountKey",
        "aws_secret_access_key",
        "db.pass",
        "Kennwort",
        "apiKey",
    ):
        assert names_a_secret(name), name
    for name in (
        "Persist Security Info",
        "primary key",
        "user",
        "compass",
        "passenger",
        "Authentication",
        "keyboard",
        "database",
    ):
        assert not names_a_secret(name), name


@given(st.text(max_size=60).filter(lambda t: CANARY not in t))
def test_what_follows_a_password_cannot_bring_it_back(tail: str) -> None:
    assert CANARY not in without_secrets(f"Server=s;Database=d;Password={CANARY};{tail}")


@pytest.mark.parametrize(
    "piece",
    ["PWD=", "a=;", "x://", "x://a:b@", "(a=", "jdbc:a:", "a/b@", "'", '"', "{", "%3D", "password%3D", " -p", "net use x: ", "\\\\a\\", "${", "<a",
     "sqlplus ", " /x:", "eyJa.", "-----BEGIN PRIVATE KEY-----", "host=", "a,", "@", ":"],
)  # fmt: skip
def test_hostile_text_takes_no_longer_than_its_length_calls_for(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    without_secrets(text)
    statement_without_secrets(text)
    program_without_secrets(text)
    quoted(text, origin="test")
    quoted(text[:30_000], origin="test")
    assert time.process_time() - start < 5
