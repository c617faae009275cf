"""No password of a connection string, a query or a comment is left in what is kept; what is none stays as it was."""

from __future__ import annotations

import time

import pytest

from scanner.locators import statement_without_secrets, without_secrets

CANARY = "caN4ry"
STRINGS = (
    f"ODBC;DSN=x;PWD=a{CANARY};{CANARY};UID=u", f"ODBC;DSN=x;PWD==a;{CANARY}", f'ODBC;DSN=x;"PWD"={CANARY}',
    f"ODBC;Data Source='x;PWD={CANARY}';Q=1", f'ODBC;Extended Properties="DSN=x;PWD={CANARY}";Q=1',
    f"ODBC;Extended={{DSN=x;PWD={CANARY}}};Q=1", f"ODBC;DSN=x,PWD={CANARY}", f"ODBC;DSN=x PWD={CANARY}",
    f"ODBC;DSN=x\nPWD={CANARY}", f"ODBC;DSN=x\0PWD={CANARY}", f"ODBC;DSN=x;OPT=PWD={CANARY}",
    f"ODBC;DSN=x;PSW={CANARY}",
    f"ODBC;DSN=x;PWD:{CANARY}", f"ODBC;DSN=x;Auth={CANARY}", f"Kennwort={CANARY};x=1", f"ODBC;DSN=x;MDP={CANARY}",
    f"ODBC;DSN=x;PWD='{CANARY};b';Q=1", f"ODBC;DSN=x;PWD={{{CANARY};b}}}}y}};UID=y",
    f"https://user:p@{CANARY}@host/x", f"https://u:p/{CANARY}@host/db", f"https://h/x?sig={CANARY}&se=1",
    f"WSS;HDR=NO;DATABASE=https://h/x?access_token={CANARY};LIST=y", f"DSN=x;SharedAccessSignature=sv=1&sig={CANARY}",
    f"ODBC;UID=u/{CANARY}@tns", f"jdbc:oracle:thin:scott/{CANARY}@h:1521:x",
    f"postgresql://u:{CANARY}@h/d?password={CANARY}",
)  # fmt: skip


@pytest.mark.parametrize("text", STRINGS)
def test_fault_079_secret_is_cut_however_it_is_written(text: str) -> None:
    assert CANARY not in without_secrets(text)
    assert CANARY not in statement_without_secrets(f"SELECT * FROM [{text}].t")
    quoted = text.replace("'", "''")
    assert CANARY not in statement_without_secrets(f"SELECT * FROM OPENROWSET('MSDASQL', '{quoted}', 'SELECT 1')")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE USER x IDENTIFIED BY {}", "CREATE LOGIN x WITH PASSWORD = '{}'", "CREATE LOGIN x WITH PASSWORD = N'{}'",
        "CREATE USER x PASSWORD '{}'", "ALTER ROLE x WITH ENCRYPTED PASSWORD '{}'",
        "SET PASSWORD FOR x = PASSWORD('{}')",
        "SELECT * FROM OPENROWSET('SQLOLEDB','srv';'sa';'{}','SELECT 1')",
        "EXEC sp_addlinkedsrvlogin 'x','false',NULL,'sa','{}'",
        "SELECT 1 -- PWD={}", "/* Server=x;PWD={} */ SELECT 1", "/* unclosed PWD={}",
        "OPTIONS (password '{}', user 'x')",
        "dblink('host=x password={} dbname=y')", "dblink('host=x password=''{}''')", "SECRET_ACCESS_KEY '{}'",
        "CONNECTION='mysql://u:{}@h/db'", "x := 'DSN=a;PWD=' || '{}'", "-- don't\nSELECT 'PWD={}'",
        "EXEC x @password = N'{}'",
    ],
)  # fmt: skip
def test_fault_079_sql_keeps_no_password_in_text_or_comment(text: str) -> None:
    assert CANARY not in statement_without_secrets(text.format(CANARY))


@pytest.mark.parametrize(
    "text",
    [
        "ODBC;DRIVER={SQL Server};SERVER=db1;DATABASE=orders;Trusted_Connection=Yes", "DATABASE=\\\\fs\\x;TABLE=y",
        "https://host:8080/x", "https://host/x@y",
        "Provider=Microsoft.ACE.OLEDB.12.0;Data Source=C:\\x.accdb;Persist Security Info=False",
        "CREATE VIEW v AS SELECT 'a:b' AS \"x=y\", `k=1`, [c d] FROM t -- note: see x=1\n WHERE a=1 /* b=2 */",
        "SELECT a FROM t WHERE password = b.password AND x = 'it''s; a=b'",
    ],
)  # fmt: skip
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert statement_without_secrets(text) == text
    if not text.startswith(("SELECT", "CREATE")):
        assert without_secrets(text) == text


@pytest.mark.parametrize(
    "piece",
    ["PWD=", "PWD=a ", "a ", "'", "x://", "[a=b", "password", "{", "uid=", "-- ", "/* ", "=;", "a=;", "password =",
     "sp_addlinkedsrvlogin ", "openrowset('a','b';", "jdbc:oracle:a:", "identified by ", "u:p@", '"'],
)  # fmt: skip
def test_hostile_text_takes_no_longer_than_its_length_calls_for(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    statement_without_secrets(text)
    without_secrets(text)
    assert time.process_time() - start < 5
