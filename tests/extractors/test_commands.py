"""Shell scripts, batch files, PowerShell, crontabs and source: what their commands and calls name."""
# ruff: noqa: Q001 - samples are long lines, as the files are

from __future__ import annotations

import pytest

from tests.extractors.reading import CANARY, quotes

SHELL = rf"""#!/bin/bash
export PGPASSWORD={CANARY}
DBHOST=db7.corp.local
TODAY=$(date +%F)
psql -h $DBHOST -p 5432 -U loader -d erp -tAc "SELECT count(*) FROM orders"
COUNT=$(psql "postgresql://app:{CANARY}@db8/erp" -c 'select 1 from t')
#mysqldump -h oldmysql -u root -p{CANARY} shop > /tmp/x.sql
mysqldump --host=my1 \
   --user=root --password={CANARY} shop orders
aws s3 cp /data/out.csv s3://corp-feeds/in/$TODAY/ --profile prod
rsync -avz -e "ssh -i key" /srv/export/ app@sftp1.corp:/in/
rclone copy gdrive:reports /data/reports
smbclient //fs01/finance -U 'CORP\svc%{CANARY}' -c "get x.xls"
mount -t cifs //fs01/hr /mnt/hr -o username=x,password={CANARY}
sqlplus -s app/{CANARY}@ORCLPRD @/opt/x.sql
sqlcmd -S 'sql01\PROD,1433' -d Sales -U sa -P {CANARY} -Q "exec dbo.load" -i load.sql
bcp Sales.dbo.Orders out /data/orders.csv -S sql02 -U sa -P {CANARY} -c
ftp -n ftp.partner.com <<EOF
user bob {CANARY}
put x.csv
EOF
sqlplus /nolog <<EOF
connect app/{CANARY}@dwh
select * from x;
EOF
curl https://www.google.com/
if [ -x /usr/bin/psql ]; then echo psql -h nowhere; fi
su - postgres -c "psql -h db9 -d x"
"""


def test_shell_commands_say_where_they_go() -> None:
    said = {(m.line, m.kind, m.server, m.port, m.database, m.action, m.status) for m in quotes("bin/load.sh", SHELL)}
    assert {
        (5, "connection_string", "db7.corp.local", 5432, "erp", "connects", "active"),
        (5, "sql", "db7.corp.local", 5432, "erp", None, "active"),
        (6, "connection_string", "db8", None, "erp", "connects", "active"),
        (7, "connection_string", "oldmysql", None, "shop", "reads", "commented"),
        (8, "connection_string", "my1", None, "shop", "reads", "active"),
        (10, "url", "corp-feeds", None, "corp-feeds", "writes", "template"),
        (11, "path", "sftp1.corp", None, None, "writes", "active"),
        (13, "unc", "fs01", None, "finance", "reads", "active"),
        (14, "unc", "fs01", None, "hr", "mounts", "active"),
        (16, "connection_string", "sql01\\PROD", 1433, "Sales", "connects", "active"),
        (17, "table", "sql02", None, "Sales", "reads", "active"),
        (18, "host", "ftp.partner.com", None, None, "writes", "active"),
        (28, "connection_string", "db9", None, "x", "connects", "active"),
    } <= said
    assert not any(s[2] in ("nowhere", "www.google.com") for s in said)
    assert {s[0] for s in said} <= {5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 23, 28}


def test_names_that_are_defined_elsewhere_are_references() -> None:
    found = {
        (m.locator, m.user, m.via)
        for m in quotes("bin/load.sh", SHELL)
        if m.kind in ("reference", "sql") and m.driver == "oracle"
    }
    assert ("ORCLPRD", "app", None) in found
    assert ("dwh", "app", None) in found
    assert any(via == "dwh" and "select * from x" in text for text, _, via in found)
    remote = next(m for m in quotes("bin/load.sh", SHELL) if m.locator == "gdrive:reports")
    assert (remote.via, remote.action) == ("gdrive", "reads")
    mounted = next(m for m in quotes("bin/load.sh", SHELL) if m.locator == "//fs01/hr")
    assert mounted.alias == "/mnt/hr"


def test_script_without_an_ending_is_known_by_its_first_line() -> None:
    assert [m.server for m in quotes("opt/nightly", "#!/bin/ksh\npsql -h db7 -d erp\n")] == ["db7"]


BATCH = rf"""@echo off
rem nightly copy of \\old\share\x.csv
set SRV=fs01
set "SHARE=\\%SRV%\finance"
net use Z: %SHARE% {CANARY} /user:CORP\svc /persistent:no
:: net use Y: \\fs02\old
xcopy /Y /S "Z:\in\*.csv" \\fs03\stage\in\
bcp "select * from Sales.dbo.Orders" queryout \\fs01\out\o.csv -S SQL01\PROD -U sa -P {CANARY} -c
sqlcmd -S %DBSERVER% -d Sales -E -i "D:\sql\load.sql"
dtexec /F "\\fs01\ssis\Load.dtsx" /CONN "Src";"Data Source=SQL02;Initial Catalog=DW;Password={CANARY};"
dtexec /ISServer "\SSISDB\Fin\Load\Main.dtsx" /Ser SQL03
if exist Z:\x.flg call \\fs01\bin\go.bat
for %%f in (Z:\in\*.csv) do copy %%f \\fs04\arch\
"C:\Program Files\WinSCP\WinSCP.com" /command "open sftp://bob:{CANARY}@drop.corp:2222/in/" "put x.csv"
echo copy \\shown\only to x
"""


def test_batch_file() -> None:
    said = {(m.line, m.kind, m.locator, m.status, m.action, m.alias) for m in quotes("jobs/load.bat", BATCH)}
    assert {
        (2, "unc", "\\\\old\\share\\x.csv", "commented", None, None),
        (5, "unc", "\\\\fs01\\finance", "active", "mounts", "Z:"),
        (6, "unc", "\\\\fs02\\old", "commented", "mounts", "Y:"),
        (7, "path", "Z:\\in\\*.csv", "active", "reads", None),
        (7, "unc", "\\\\fs03\\stage\\in\\", "active", "writes", None),
        (8, "unc", "\\\\fs01\\out\\o.csv", "active", "writes", None),
        (9, "connection_string", "sqlcmd -S %DBSERVER% -d Sales", "template", "connects", None),
        (10, "unc", "\\\\fs01\\ssis\\Load.dtsx", "active", "calls", None),
        (11, "reference", "SSISDB\\Fin\\Load\\Main.dtsx", "active", "calls", None),
        (12, "unc", "\\\\fs01\\bin\\go.bat", "active", "calls", None),
        (13, "unc", "\\\\fs04\\arch\\", "active", "writes", None),
        (14, "url", "sftp://bob:***@drop.corp:2222/in/", "active", "writes", None),
    } <= said
    assert not any("shown" in s[2] for s in said)


POWERSHELL = rf"""
# Copy-Item \\old1\s1\x.csv D:\y
$server = "SQL01"
$db = 'Sales'
$cs = "Server=$server;Database=$db;User Id=sa;Password={CANARY}"
New-PSDrive -Name "S" -PSProvider FileSystem -Root "\\fs01\finance"
Invoke-Sqlcmd -ServerInstance "$server\INST" `
   -Database DW -Query "SELECT * FROM dbo.Orders" -Password {CANARY}
Get-ChildItem "\\fs01\in" | ForEach-Object {{ Copy-Item $_.FullName -Destination "\\fs03\out\" }}
$p = @{{ ServerInstance = 'SQL07'; Database = 'Z' }}
Write-Host "use Copy-Item \\shown\only"
Invoke-Sqlcmd -ServerInstance $env:DBSRV -Database X
"""


def test_powershell() -> None:
    said = {(m.line, m.kind, m.server, m.database, m.status, m.action, m.alias) for m in quotes("x.ps1", POWERSHELL)}
    assert {
        (2, "unc", "old1", "s1", "commented", "reads", None),
        (5, "connection_string", "SQL01", "Sales", "active", "connects", None),
        (6, "unc", "fs01", "finance", "active", "mounts", "S:"),
        (7, "connection_string", "SQL01\\INST", "DW", "active", "connects", None),
        (7, "sql", "SQL01\\INST", "DW", "active", None, None),
        (9, "unc", "fs01", "in", "active", "reads", None),
        (9, "unc", "fs03", "out", "active", "writes", None),
        (10, "connection_string", "SQL07", "Z", "active", "connects", None),
        (12, "connection_string", "$env:DBSRV", "X", "template", "connects", None),
    } <= said
    assert not any(s[2] == "shown" for s in said)


def test_visual_basic_script() -> None:
    text = rf"""
' comment: \\old\share\x
Const SERVER = "SQL01"
net.MapNetworkDrive "Z:", "\\fs01\finance", False, "corp\svc", "{CANARY}"
conn.Open "Provider=SQLOLEDB;Data Source=" & SERVER & ";Initial Catalog=Sales;User ID=sa;Password={CANARY}"
path = "\\" & host & "\data$\x.csv"
"""
    said = {(m.line, m.kind, m.server, m.database, m.status, m.alias) for m in quotes("logon.vbs", text)}
    assert {
        (2, "unc", "old", "share", "commented", None),
        (4, "unc", "fs01", "finance", "active", "Z:"),
        (5, "connection_string", "SQL01", "Sales", "active", None),
        (6, "unc", "${host}", "data$", "template", None),
    } <= said


def test_program_source() -> None:
    text = rf'''
# conn = pymysql.connect(host="old", db="x")
BUCKET = "s3://corp-feeds"
c = pymysql.connect(host="db7", port=3307, user="x",
    password="{CANARY}", database="erp")
df.to_csv(f"{{BUCKET}}/out/x.csv")
p = r"\\fs01\share\x.csv"
q = "\\\\fs02\\share\\y.csv"
os.system("scp x.csv bob@host9:/in/")
subprocess.run(["pg_dump", "-h", "db3", "-d", "erp"])
s = "ftp://bob:" + "{CANARY}" + "@ftp.corp.net/in"
lexers = ["psql", "postgresql-console"]
'''
    said = {(m.line, m.kind, m.server, m.database, m.status) for m in quotes("etl/load.py", text)}
    assert {
        (2, "connection_string", "old", "x", "commented"),
        (4, "connection_string", "db7", "erp", "active"),
        (6, "url", "corp-feeds", "corp-feeds", "active"),
        (7, "unc", "fs01", "share", "active"),
        (8, "unc", "fs02", "share", "active"),
        (9, "path", "host9", None, "active"),
        (10, "connection_string", "db3", "erp", "active"),
        (11, "url", "ftp.corp.net", None, "active"),
    } <= said
    assert not any(s[0] == 12 for s in said)


def test_airflow_dag() -> None:
    text = '''
from airflow import DAG
t = PostgresOperator(task_id="x", postgres_conn_id="dwh_prod", sql="""INSERT INTO a
SELECT * FROM b""")
s = S3KeySensor(bucket_name="corp-in", bucket_key="in/{{ ds }}/x.csv", aws_conn_id="aws_prod")
'''
    said = {(m.line, m.kind, m.locator, m.via, m.status) for m in quotes("dags/x.py", text)}
    assert {
        (3, "reference", "dwh_prod", None, "active"),
        (3, "sql", "INSERT INTO a\nSELECT * FROM b", "dwh_prod", "active"),
        (5, "reference", "aws_prod", None, "active"),
        (5, "url", "s3://corp-in/in/{{ ds }}/x.csv", "aws_prod", "template"),
    } == said


@pytest.mark.parametrize(
    "line",
    [
        "if which psql; then",
        "apt-get install -y mysql-client psql",
        'echo "psql -h db7 -d x"',
        "alias ll='ls -l'",
        "cp a b",
        "curl -s https://example.com/install.sh",
        "mysql_upgrade=1",
        "mount /dev/sda1 /mnt",
        "git clone git@github.com:org/repo.git",
    ],
)
def test_lines_of_shell_that_reach_nothing(line: str) -> None:
    assert quotes("x.sh", f"#!/bin/sh\n{line}\n") == []


def test_crontab_tells_schedule_account_and_command_apart() -> None:
    text = f"""PATH=/bin
SRC=s3://feeds/in
0 2 * * * root pg_dump -h db7 -U x erp > /backup/x.sql
#5 3 * * * root mysqldump -h old -p{CANARY} shop
@daily app aws s3 sync $SRC /data/in
# remember: psql is at 5 of the clock
*/5 * * * * app /opt/run.sh --to sftp://u:{CANARY}@drop.corp/x
"""
    said = {(m.line, m.kind, m.server, m.status, m.action) for m in quotes("etc/cron.d/load", text)}
    assert said == {
        (3, "connection_string", "db7", "active", "reads"),
        (3, "path", None, "active", "writes"),
        (4, "connection_string", "old", "commented", "reads"),
        (5, "url", "feeds", "active", "reads"),
        (5, "path", None, "active", "writes"),
        (7, "url", "drop.corp", "active", None),
    }
    alone = quotes("var/spool/cron/app", "0 2 * * * psql -h db7 -d erp\n")
    assert [(m.server, m.database) for m in alone] == [("db7", "erp")]


def test_options_kept_in_a_variable_are_words_of_the_command_unless_quoted() -> None:
    script = f'CASES="-h db7.corp -p 5433 -U feeds -d cases"\nPGPASSWORD={CANARY} psql $CASES -c "SELECT 1 FROM t"\n'
    told = [m for m in quotes("bin/feeds.sh", script) if m.kind == "connection_string"]
    assert [(m.line, m.server, m.port, m.database, m.user) for m in told] == [(2, "db7.corp", 5433, "cases", "feeds")]
