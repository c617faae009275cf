"""SQL scripts: the places outside their database that they name, and nothing of their statements."""
# ruff: noqa: E501 - samples are long lines, as the files are

from __future__ import annotations

import time

import pytest

from tests.extractors.reading import CANARY, quotes

TSQL = rf"""
:setvar SRV SQL09
EXEC master.dbo.sp_addlinkedserver @server = N'LNK', @srvproduct=N'', @provider=N'SQLNCLI', @datasrc=N'sql02\prod', @catalog=N'DW'
-- exec sp_addlinkedserver 'OLD1', 'SQL Server'
EXEC sp_addlinkedsrvlogin 'LNK', 'false', NULL, 'sa', '{CANARY}'
SELECT * FROM OPENROWSET('SQLNCLI', 'Server=sql04;Uid=sa;Pwd={CANARY}', 'SELECT a FROM b')
SELECT * FROM OPENROWSET('MSDASQL', 'sql05';'sa';'{CANARY}', dbo.x)
SELECT * FROM OPENROWSET(BULK '\\fs01\in\x.csv', SINGLE_CLOB) AS a
SELECT * FROM OPENQUERY(LNK, 'select x from y where z = ''a''')
BULK INSERT dbo.t FROM '\\fs02\in\y.csv' WITH (FIELDTERMINATOR=',')
BACKUP DATABASE Sales TO DISK = N'\\bk01\sql\Sales.bak' WITH INIT
INSERT INTO LNK.DW..t2 SELECT o.a FROM [SQL03].[x].[dbo].[t] o
/* SELECT * FROM OLDL.x.dbo.y */
EXEC master..xp_cmdshell 'copy D:\out\x.csv \\fs03\in\'
CREATE SYNONYM dbo.s FOR LNK.DW.dbo.Cust
:connect $(SRV)\A
EXEC msdb.dbo.sp_add_jobstep @job_name=N'j', @subsystem=N'CmdExec', @command=N'bcp Sales.dbo.t out x.csv -S sql07 -P {CANARY} -c'
"""


def test_transact_sql() -> None:
    said = {(m.line, m.kind, m.locator, m.status, m.action, m.server, m.alias, m.via) for m in quotes("db/x.sql", TSQL)}
    assert {
        (3, "server_link", "sql02\\prod/DW", "active", "defines", "sql02\\prod", "LNK", None),
        (4, "server_link", "OLD1", "commented", "defines", "OLD1", "OLD1", None),
        (8, "unc", "\\\\fs01\\in\\x.csv", "active", "reads", "fs01", None, None),
        (9, "sql", "select x from y where z = 'a'", "active", None, None, None, "LNK"),
        (10, "unc", "\\\\fs02\\in\\y.csv", "active", "reads", "fs02", None, None),
        (11, "unc", "\\\\bk01\\sql\\Sales.bak", "active", "writes", "bk01", None, None),
        (12, "table", "DW..t2", "active", "writes", None, None, "LNK"),
        (12, "table", "x.dbo.t", "active", "reads", None, None, "SQL03"),
        (13, "table", "x.dbo.y", "commented", "reads", None, None, "OLDL"),
        (14, "unc", "\\\\fs03\\in\\", "active", "writes", "fs03", None, None),
        (15, "table", "DW.dbo.Cust", "active", None, None, "dbo.s", "LNK"),
        (16, "connection_string", ":connect SQL09\\A", "active", "connects", "SQL09\\A", None, None),
        (17, "connection_string", "bcp -S sql07", "active", "reads", "sql07", None, None),
    } <= said
    assert {(s[0], s[5]) for s in said if s[1] == "connection_string"} == {
        (6, "sql04"),
        (7, "sql05"),
        (16, "SQL09\\A"),
        (17, "sql07"),
    }


def test_oracle() -> None:
    text = f"""
CONNECT app/{CANARY}@ERP
CREATE PUBLIC DATABASE LINK dwh CONNECT TO app IDENTIFIED BY "{CANARY}" USING 'DWHPRD';
create database link crm.world connect to app identified by {CANARY} using '(DESCRIPTION=(ADDRESS=(HOST=ora2)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=CRM)))';
SELECT * FROM orders@dwh o, x;
CREATE OR REPLACE DIRECTORY dump_dir AS '/u01/dump';
f := UTL_FILE.FOPEN('DUMP_DIR', 'x.csv', 'w');
create or replace synonym s for hr.emp@crm.world;
CREATE TABLE ext (a number) ORGANIZATION EXTERNAL (DEFAULT DIRECTORY dump_dir LOCATION ('a.csv'));
@scripts/x.sql
-- SELECT * FROM old@gone;
"""
    said = {
        (m.line, m.kind, m.server or m.locator, m.status, m.action, m.alias, m.via) for m in quotes("db/x.pks", text)
    }
    assert said == {
        (2, "reference", "ERP", "active", "connects", None, None),
        (3, "reference", "DWHPRD", "active", "defines", "dwh", None),
        (4, "connection_string", "ora2", "active", "defines", "crm.world", None),
        (5, "table", "orders", "active", "reads", None, "dwh"),
        (6, "path", "/u01/dump", "active", "defines", "dump_dir", None),
        (7, "reference", "DUMP_DIR", "active", "writes", None, None),
        (8, "table", "hr.emp", "active", None, "s", "crm.world"),
        (9, "path", "a.csv", "active", "reads", None, "dump_dir"),
        (10, "path", "scripts/x.sql", "active", "calls", None, None),
        (11, "table", "old", "commented", "reads", None, "gone"),
    }


def test_postgresql_mysql_and_warehouses() -> None:
    text = rf"""
CREATE SERVER erp FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db7', port '5432', dbname 'erp');
CREATE SERVER f FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD '{CANARY}', HOST 'my1', DATABASE 'd', PORT 3306);
CREATE FOREIGN TABLE orders (id int, x numeric(10,2)) SERVER erp OPTIONS (schema_name 'public', table_name 'orders');
SELECT * FROM dblink('host=db8 dbname=dw user=a password={CANARY}', 'select a from b') AS t(a int);
COPY orders (a, b) FROM '/mnt/nas/in/o.csv' CSV;
COPY (SELECT * FROM x) TO PROGRAM 'aws s3 cp - s3://feeds/out.csv';
COPY t FROM stdin;
copy t from 's3://bkt/x' credentials 'aws_secret_access_key={CANARY}';
LOAD DATA LOCAL INFILE '\\\\fs01\\in\\x.csv' INTO TABLE t;
SELECT * INTO OUTFILE '/var/x.csv' FROM t;
CREATE TABLE f (a int) ENGINE=FEDERATED CONNECTION='mysql://u:{CANARY}@my2:3306/db/t';
CREATE EXTERNAL TABLE h (a int) STORED AS PARQUET LOCATION 's3a://lake/h/';
CREATE EXTERNAL DATA SOURCE lake WITH (LOCATION = 'abfss://c@acct.dfs.core.windows.net/', CREDENTIAL = x);
\c erp app db10 5433
CREATE EXTERNAL TABLE v (a int) LOCATION '${{BASE}}/v/x.csv';
"""
    said = {
        (m.line, m.kind, m.server, m.database, m.status, m.action, m.alias, m.via) for m in quotes("db/x.sql", text)
    }
    assert {
        (2, "server_link", "db7", "erp", "active", "defines", "erp", None),
        (3, "server_link", "my1", "d", "active", "defines", "f", None),
        (4, "table", None, None, "active", "reads", "orders", "erp"),
        (5, "connection_string", "db8", "dw", "active", "connects", None, None),
        (5, "sql", "db8", "dw", "active", None, None, None),
        (6, "path", None, None, "active", "reads", None, None),
        (7, "url", "feeds", "feeds", "active", "writes", None, None),
        (9, "url", "bkt", "bkt", "active", "reads", None, None),
        (10, "unc", "fs01", "in", "active", "reads", None, None),
        (11, "path", None, None, "active", "writes", None, None),
        (12, "connection_string", "my2", "db", "active", "reads", None, None),
        (12, "table", "my2", "db", "active", "reads", None, None),
        (13, "url", "lake", "lake", "active", "reads", None, None),
        (14, "url", "acct.dfs.core.windows.net", "c", "active", "defines", "lake", None),
        (15, "connection_string", "db10", "erp", "active", "connects", None, None),
        (16, "path", None, None, "template", "reads", None, None),
    } == said


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a.b, c.d FROM dbo.t JOIN x.y.z ON 1.5 = 2.5",
        "INSERT INTO t VALUES ('either\\\\or', 'a@b.c', 'x.y.z.w')",
        "SELECT url, location, copy, server FROM t WHERE connection = 'x'",
        "UPDATE t SET directory = 'x' WHERE disk = '5'",
        "CREATE TABLE server (id int); CREATE INDEX synonym ON t (copy)",
        "SELECT 'mail me at app@corp.net' FROM t",
        "GRANT SELECT ON t TO 'app'@'localhost'",
        "-- see https://www.postgresql.org/docs/",
    ],
)
def test_statements_that_stay_within_their_database(sql: str) -> None:
    assert quotes("db/x.sql", sql) == []


def test_rows_of_a_dump_are_data() -> None:
    row = "INSERT INTO files VALUES (1, '\\\\fs01\\in\\x.csv', 's3://bkt/x');\n"
    assert len(quotes("db/small.sql", row)) == 2
    text = row * 20_000 + "BULK INSERT t FROM '\\\\fs02\\in\\y.csv';\n"
    began = time.process_time()
    assert [m.server for m in quotes("db/dump.sql", text)] == ["fs02"]
    assert time.process_time() - began < 5
