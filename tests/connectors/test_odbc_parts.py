"""The parts of the ODBC connector that need no server: settings, the gate, the profiles' files, texts taken apart."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlglot import exp

from connectors.odbc import PLUG, access, errors, facts, guard, profiles, show_create
from connectors.odbc.options import Options, Pairs
from scanner import locators, secrets
from scanner.connector import Account
from scanner.model import Batch
from scanner.schema import MENTION

_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_KEYS = st.text("abcXYZ_ 09", min_size=1, max_size=8).map(str.strip).filter(bool)


# --- settings -------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(_KEYS, _WORDS.map(str.strip)), max_size=6))
def test_a_connection_string_survives_being_written_and_read(pairs: list[tuple[str, str]]) -> None:
    assert Pairs.parse(Pairs(pairs).text()).pairs == tuple(pairs)


@pytest.mark.parametrize("text", ["nonsense", "A=1;nonsense", "A={unclosed", "=1;B=2", "A={x}y;B=1"])
def test_what_is_no_connection_string_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="not an ODBC connection string") as raised:
        Pairs.parse(text)
    assert text not in str(raised.value)


@pytest.mark.parametrize(
    "key", ["PWD", "Password", "pwd", "SSLKEYPASSWORD", "AccessToken", "Passphrase", "ClientSecret"]
)
def test_a_literal_secret_is_refused_and_never_repeated(key: str) -> None:
    with pytest.raises(ValidationError, match="SECRET_LITERAL") as raised:
        PLUG.options(connection=f"DRIVER=x;SERVER=y;{key}=hunter2-canary")
    assert "hunter2-canary" not in str(raised.value)
    with pytest.raises(ValidationError, match="SECRET_LITERAL") as raised:
        PLUG.options.model_validate(PLUG.from_url("odbc:DRIVER=x;SERVER=y;UID=z;PWD=hunter2-canary"))
    assert "hunter2-canary" not in str(raised.value)


def test_a_connection_without_driver_or_name_and_an_unknown_profile_are_refused() -> None:
    with pytest.raises(ValidationError, match="DRIVER"):
        PLUG.options(connection="SERVER=y")
    with pytest.raises(ValidationError, match="postgresql"):
        PLUG.options(connection="DRIVER=x", profile="oracle7")


def test_a_locator_gives_settings_and_settings_give_it_back_without_the_password() -> None:
    url = "odbc:DRIVER={PostgreSQL Unicode};SERVER=DB01;PORT=5432;Database=erp;UID=scan;PWD=env:PW"
    settings = PLUG.from_url(url)
    assert settings == {
        "connection": "DRIVER=PostgreSQL Unicode;SERVER=DB01;PORT=5432;Database=erp",
        "user": "scan",
        "password": "env:PW",
    }
    options = PLUG.options.model_validate(settings)
    assert PLUG.locator(options) == "odbc:DRIVER=PostgreSQL Unicode;SERVER=DB01;PORT=5432;Database=erp;UID=scan"
    assert PLUG.from_url(PLUG.locator(options)) == {k: v for k, v in settings.items() if k != "password"}
    assert PLUG.account(options) == Account("db01:5432", "scan")


@pytest.mark.parametrize(
    ("connection", "user", "account"),
    [
        ("DRIVER={SQLite3};Database=/x.db", None, None),
        ("DRIVER={MDBTools};DBQ=/x.mdb", "admin", None),
        ("DSN=erp", "scan", Account("dsn:erp", "scan")),
        ("DRIVER={FreeTDS};SERVER=sql01;UID=CORP\\scan", None, Account("sql01:1433", "CORP\\scan")),
        ("DRIVER={FreeTDS};SERVER=sql01;Trusted_Connection=yes", None, None),
    ],
)
def test_the_account_names_who_logs_in_where(connection: str, user: str | None, account: Account | None) -> None:
    assert PLUG.account(Options(connection=connection, user=user)) == account


# --- the gate -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        " select * from \"a;b\" where x = 'it''s; DROP TABLE y'",
        "SELECT `x;y`, '--', \"/*\" FROM t",
        "SHOW CREATE TABLE `a`.`b`",
        'SELECT "insert" FROM t',
    ],
)
def test_questions_pass_the_gate(sql: str) -> None:
    assert guard.check(sql) == sql


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)", "SELECT 1; DROP TABLE t", "DELETE FROM t", "WITH x AS (DELETE FROM t) SELECT 1",
        "SELECT * INTO copy FROM t", "SELECT 1 -- x", "SELECT /* x */ 1", "CALL p()", "EXPLAIN ANALYZE DELETE FROM t",
        "SET x = 1", "SHOW TABLES", "PRAGMA journal_mode = WAL", "SELECT * FROM t FOR UPDATE", "BEGIN",
        "SELECT ';' ; x", "",
    ],
)  # fmt: skip
def test_fault_067_whatever_is_no_plain_question_is_held_back(sql: str) -> None:
    with pytest.raises(guard.NotAllowed):
        guard.check(sql)


@pytest.mark.parametrize(
    "sql", ["SET GLOBAL x = 1", "SET SESSION x = 1; DROP TABLE t", "PRAGMA journal_mode = WAL", "SET ROLE x"]
)
def test_a_session_is_told_nothing_but_its_own_settings(sql: str) -> None:
    with pytest.raises(guard.NotAllowed):
        guard.check(sql, session=True)


@given(_WORDS, st.sampled_from(['"', "`", "["]))
def test_fault_072_a_quoted_name_can_never_end_its_quotes(name: str, quote: str) -> None:
    text = guard.quoted(name, quote)
    closing = "]" if quote == "[" else quote
    assert text[1:-1].replace(closing * 2, "").count(closing) == 0
    assert text[1:-1].replace(closing * 2, closing) == name


def test_a_name_that_cannot_be_quoted_must_be_plain() -> None:
    assert guard.quoted("Plain_1", "") == "Plain_1"
    for name in ("a b", "a;b", "1a", "", 'a"b', "a.b"):
        with pytest.raises(guard.NotAllowed):
            guard.quoted(name, "")


# --- profiles -------------------------------------------------------------------------------------------------------


def _queries() -> list[Any]:
    found = []
    for profile in profiles.load().values():
        queries = [*profile.queries.items(), *((fact, q) for fact, vs in profile.variants.items() for _, q in vs)]
        found += [
            pytest.param(profile, fact, q, id=f"{profile.name}-{fact}-{i}") for i, (fact, q) in enumerate(queries)
        ]
    return found


@pytest.mark.parametrize(("profile", "fact", "query"), _queries())
def test_every_query_is_one_select_whose_aliases_are_the_schemas_columns(
    profile: profiles.Profile, fact: str, query: profiles.Query
) -> None:
    schema = profiles.FACTS[fact]
    for text in (query, *filter(None, [query.one, query.then])):
        assert guard.check(text.sql) == text.sql
        tree = sqlglot.parse_one(text.sql, read=profile.dialect)
        assert isinstance(tree, exp.Query), "one SELECT, or several united"
        assert not list(tree.find_all(exp.Into, exp.DML, exp.DDL, exp.Command)), "it only asks"
        for select in _arms(tree):
            aliases = [e.alias for e in select.expressions]
            allowed = {*schema.names, *profiles.HELPERS.get(schema.name, ())}
            assert set(aliases) <= allowed, f"not columns of {schema.name}: {set(aliases) - allowed}"
            assert len(aliases) == len(set(aliases)), "an alias stands twice"
            needed = set(schema.required) - {"parent"}
            assert needed <= set(aliases), f"required by {schema.name}: {needed - set(aliases)}"
            assert aliases == [e.alias for e in _arms(tree)[0].expressions], "united SELECTs name the same columns"
        assert len(list(tree.find_all(exp.Placeholder))) == len(text.parameters)
        further = {"object"} if text is query.one else {"after"} if text is query.then else set()
        assert set(text.parameters) <= {*profile.levels, *further}


@pytest.mark.parametrize("profile", profiles.load().values(), ids=lambda p: p.name)
def test_a_question_put_for_one_object_asks_for_nothing_else_in_any_part(profile: profiles.Profile) -> None:
    for query in (*profile.queries.values(), *(q for vs in profile.variants.values() for _, q in vs)):
        if query.one is not None:
            parts = _arms(sqlglot.parse_one(query.one.sql, read=profile.dialect))
            asked = [len(list(p.find_all(exp.Placeholder))) for p in parts]
            whole = _arms(sqlglot.parse_one(query.sql, read=profile.dialect))
            assert all(a > len(list(w.find_all(exp.Placeholder))) for a, w in zip(asked, whole, strict=True)), (
                query.fact
            )


def _arms(tree: Any) -> list[Any]:
    return [*_arms(tree.left), *_arms(tree.right)] if isinstance(tree, exp.SetOperation) else [tree]


def test_every_native_profile_asks_for_the_facts_that_matter() -> None:
    for profile in profiles.load().values():
        if not profile.functions:
            assert {"databases", "tables", "columns", "keys", "views", "triggers", "settings"} <= set(profile.queries)
            assert ("schemas" in profile.queries) == (profile.levels == ("database", "schema"))
            assert profile.dialect in sqlglot.Dialect.classes
            for statement in (*profile.always, *profile.one_of):
                assert guard.check(statement.format(timeout_s=1, timeout_ms=1000), session=True)


@pytest.mark.parametrize(
    ("said", "name"),
    [("PostgreSQL", "postgresql"), ("MariaDB", "mariadb"), ("MySQL", "mysql"), ("SQLite", "sqlite"),
     ("MDBTOOLS\0", "access"), ("Microsoft SQL Server", "sqlserver"),
     ("sql server", "sybase"), ("Adaptive Server Enterprise", "sybase"), ("Oracle", "oracle"),
     ("DB2/LINUXX8664", "db2"),
     ("Firebird 3.0", "firebird"), ("InterBase", "firebird"), ("Informix", "informix"), ("Teradata", "teradata"),
     ("Ingres", "generic"), ("", "generic")],
)  # fmt: skip
def test_a_system_is_known_by_what_it_says_it_is(said: str, name: str) -> None:
    assert profiles.by_dbms(said).name == name


# --- rows into facts ------------------------------------------------------------------------------------------------


@given(st.text(max_size=12))
def test_a_name_comes_back_from_its_segment(name: str) -> None:
    segment = facts.segment(name)
    assert "/" not in segment
    assert isinstance(segment.encode(), bytes)
    assert facts.name_of(segment) == name


def test_bytes_that_are_no_text_stand_as_those_bytes() -> None:
    assert facts.segment(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf\\xE9"


@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=5), st.binary(max_size=5), st.integers(), st.floats(), st.booleans())
    )
)
def test_any_value_a_driver_gives_fits_its_declared_type(values: list[object]) -> None:
    for kind, types in (("text", str), ("int", int), ("bool", bool)):
        made = facts.listed(values, kind)
        assert len(made) == len(values)
        assert all(v is None or type(v) is types for v in made)
        for value in made:
            assert not isinstance(value, int) or -(1 << 63) <= value < 1 << 63
            assert not isinstance(value, str) or value.encode() is not None


def test_a_key_that_spans_two_pages_is_one_key() -> None:
    keys = facts.Keys(facts.Scope("db/", ("database",), ("db",)))
    names = ("path", "name", "kind", "columns", "ref_path", "ref_database", "ref_columns", "on_delete")
    rows = [("t", "k", "foreign", c, "a/b", "o/ther", r, "CASCADE") for c, r in (("x", "1"), ("y", "2"), ("z", "3"))]
    batches: list[Batch] = [*keys.add(names, rows[:2]), *keys.add(names, rows[2:]), *keys.rest()]
    (batch,) = batches
    record = {name: column[0] for name, column in batch.columns.items()}
    assert record["columns"] == ["x", "y", "z"]
    assert (record["ref_path"], record["ref_columns"]) == ("o\\x2Fther/a\\x2Fb", ["1", "2", "3"])


# --- second ways ----------------------------------------------------------------------------------------------------


def test_foreign_keys_are_read_out_of_a_tables_text_and_nothing_else_is() -> None:
    ddl = """CREATE TABLE `t` (
      `a``b` int(11) DEFAULT NULL COMMENT 'it''s CONSTRAINT `no` FOREIGN KEY (`x`) REFERENCES `y` (`z`) \\' `',
      `CONSTRAINT` int(11) DEFAULT NULL,
      KEY `FOREIGN` (`a``b`),
      CONSTRAINT `f``1` FOREIGN KEY (`a``b`, `c,d`) REFERENCES `other db`.`t)(2` (`p`, `q`)
        ON DELETE SET NULL ON UPDATE CASCADE,
      CONSTRAINT `f2` FOREIGN KEY (`x`) REFERENCES `t3` (`y`) ON UPDATE NO ACTION,
      CONSTRAINT `f3` FOREIGN KEY (`x`) REFERENCES `t3` (`y`),
      CONSTRAINT `positive` CHECK (`x` > 0)
    ) ENGINE=InnoDB COMMENT='CONSTRAINT `f4` FOREIGN KEY (`x`) REFERENCES `t3` (`y`)'"""
    assert show_create.foreign_keys("t", ddl) == [
        ("t", "f`1", "foreign", "a`b", "t)(2", "other db", "p", "SET NULL", "CASCADE"),
        ("t", "f`1", "foreign", "c,d", "t)(2", "other db", "q", "SET NULL", "CASCADE"),
        ("t", "f2", "foreign", "x", "t3", None, "y", "RESTRICT", "NO ACTION"),
        ("t", "f3", "foreign", "x", "t3", None, "y", "RESTRICT", "RESTRICT"),
    ]


@given(st.text("`'\\();, CONSTRAINT\nFOREIGN KEY x", max_size=60))
def test_a_torn_text_gives_keys_or_none_and_never_an_error(ddl: str) -> None:
    assert isinstance(show_create.foreign_keys("t", ddl), list)


def test_keys_are_read_out_of_what_mdb_schema_writes() -> None:
    who = 'ALTER TABLE "Bills" ADD CONSTRAINT "Bills_Who_fk" FOREIGN KEY ("Who") REFERENCES "People"("Id")'
    ddl = f"""CREATE UNIQUE INDEX "Bills_no_idx" ON "Bills" ("No", "Year" DESC);
CREATE INDEX "Bills_who_idx" ON "Bills" ("Who");
ALTER TABLE "Bills" ADD CONSTRAINT "Bills_pkey" PRIMARY KEY ("Id");
{who} ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE "Elsewhere" ADD CONSTRAINT "x" PRIMARY KEY ("Id");
"""
    assert access.keys(ddl, {"Bills": "table", "People": "table"}) == [
        ("Bills", "Bills_pkey", "primary", "Id", None, None, None, None),
        ("Bills", "Bills_Who_fk", "foreign", "Who", "People", "Id", "SET NULL", "CASCADE"),
        ("Bills", "Bills_no_idx", "unique", "No", None, None, None, None),
        ("Bills", "Bills_no_idx", "unique", "Year", None, None, None, None),
        ("Bills", "Bills_who_idx", "index", "Who", None, None, None, None),
    ]


def test_a_relation_over_several_columns_is_one_key_and_one_not_enforced_is_none() -> None:
    def row(name: str, place: int, column: str, other: str, bits: int) -> dict[str, Any]:
        return {
            "szRelationship": name, "grbit": bits, "ccolumn": 2, "icolumn": place, "szObject": "Bills",
            "szColumn": column, "szReferencedObject": "People", "szReferencedColumn": other,
        }  # fmt: skip

    kept = [row("both", 1, "Year", "Y", 0x1100), row("loose", 0, "No", "N", 2), row("both", 0, "No", "N", 0x1100)]
    assert access.relations(kept, {"Bills": "table"}) == [
        ("Bills", "both", "foreign", "No", "People", "N", "CASCADE", "CASCADE"),
        ("Bills", "both", "foreign", "Year", "People", "Y", "CASCADE", "CASCADE"),
    ]
    assert not access.relations(kept, {})


def test_linked_tables_of_access_name_where_they_lie_without_a_password() -> None:
    kept = [
        {"Name": "far", "Type": 4, "Connect": "ODBC;DSN=erp;UID=x;PWD=hunter2;", "ForeignName": "dbo.far"},
        {"Name": "share", "Type": 6, "Database": r"\\nas7\data\b.mdb", "ForeignName": "b"},
        {"Name": "own", "Type": 1},
    ]
    names = ("path", "part", "kind", "locator", "status", "extractor")
    made = facts.batch(MENTION, names, access.linked(kept), facts.Scope("db/", ("database",), ("db",))).columns
    assert made["locator"] == ["ODBC;DSN=erp;UID=x;PWD=***;", r"\\nas7\data\b.mdb"]
    assert made["kind"] == ["connection_string", "unc"]
    assert made["path"] == ["db/far", "db/share"]


@pytest.mark.parametrize(
    ("locator", "kept"),
    [
        ("host=db7 password='it''s; here' user=x", "host=db7 password=*** user=x"),
        ("mysql://scan:p@ss/w0rd@db7:3306/erp/t", "mysql://scan:***@db7:3306/erp/t"),
        ("mysql://scan@db7/erp", "mysql://scan@db7/erp"),
        ('wrapper "mysql", srv "s1", password "x y"', 'wrapper "mysql", srv "s1", password ***'),
        ("DRIVER={x};UID=y;PWD={a;b}}c};DSN=z", "DRIVER={x};UID=y;PWD=***;DSN=z"),
        ("curl --password hunter2 -psecret http://x", "curl --password *** -p*** http://x"),
        ("host=db7;port=5433;dbname=books", "host=db7;port=5433;dbname=books"),
        ("/srv/compass/passport.csv", "/srv/compass/passport.csv"),
        ("Server=a;PassWord=hunter2,x)y&z;Database=b", "Server=a;PassWord=***;Database=b"),
        ("Server=a;Pwd=hunter2 and more;Database=b", "Server=a;Pwd=***;Database=b"),
        ("AccountName=a;AccountKey=aHVudGVyMg==;EndpointSuffix=x", "AccountName=a;AccountKey=***;EndpointSuffix=x"),
        ("https://h/p?api-key=hunter2&x=1", "https://h/p?api-key=***&x=1"),
        ("https://h/p?code=hunter2", "https://h/p?code=***"),
        ("https://h/p?X-Amz-Signature=hunter2", "https://h/p?X-Amz-Signature=***"),
        ("jdbc:oracle:thin:scott/hunter2@db9:1521:erp", "jdbc:oracle:thin:scott/***@db9:1521:erp"),
        ("scott/hunter2@erp", "scott/***@erp"),
        (
            "jdbc:sqlserver://db9:1433;user=scan@corp;password=hunter2;databaseName=x",
            "jdbc:sqlserver://db9:1433;user=scan@corp;password=***;databaseName=x",
        ),
    ],
)
def test_a_locator_is_kept_and_what_is_secret_in_it_is_not(locator: str, kept: str) -> None:
    assert locators.without_secrets(locator) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("curl http://db:8080/x -d mail=bob@corp.example", "curl http://db:8080/x -d mail=bob@corp.example"),
        ("get https://a:hunter2@x/ https://b:hunter2@y/", "get https://a:***@x/ https://b:***@y/"),
        ("SELECT 1 FROM a JOIN b ON a.order_key = b.order_key", "SELECT 1 FROM a JOIN b ON a.order_key = b.order_key"),
        ("SELECT x.token::text", "SELECT x.token::text"),
        ("f(p_password => 'hunter2', x => 1)", "f(p_password => '***', x => 1)"),
        ("v_pwd := N'hunter2 b'; GO", "v_pwd := '***'; GO"),
        ('CREATE USER x IDENTIFIED BY "hunter2"', "CREATE USER x IDENTIFIED BY ***"),
        ("sqlcmd -S x -U sa -P hunter2", "sqlcmd -S x -U sa -P ***"),
        ("curl -u scan:hunter2 http://x/", "curl -u scan:*** http://x/"),
        ("curl -H 'Authorization: Bearer hunter2' http://x", "curl -H 'Authorization: ***' http://x"),
        ('{"password": "hunter2"}', '{"password": "***"}'),
    ],
)
def test_a_jobs_text_is_kept_and_what_is_secret_in_it_is_not(text: str, kept: str) -> None:
    assert locators.program_without_secrets(text) == kept


@pytest.mark.parametrize(
    "piece", ["1", "a1", "a:", "_", "#", "x://a:", "(a/", "password={", "password='", "-p", "key=", " -u a", "a.-"]
)
def test_a_long_text_of_anything_is_searched_for_secrets_in_one_pass(piece: str) -> None:
    began = time.monotonic()
    locators.without_secrets(piece * (100_000 // len(piece)))
    locators.program_without_secrets(piece * (100_000 // len(piece)))
    assert time.monotonic() - began < 5


def test_a_link_that_says_not_where_it_leads_is_told_by_its_name() -> None:
    rows = [("", "far", "server_link", None), ("", None, "server_link", None)]
    scope = facts.Scope("db/", ("database",), ("db",))
    made = facts.batch(MENTION, ("path", "part", "kind", "locator"), rows, scope).columns
    assert made["locator"] == ["far", ""]


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "text", "code", "transient"),
    [
        (
            "28000",
            "[28000] Access denied for user 'x'@'h' (using password: YES) (1045) (SQLDriverConnect)",
            "AUTH_REFUSED",
            False,
        ),
        ("08001", '[08001] FATAL:  password authentication failed for user "x"', "AUTH_REFUSED", False),
        ("42000", "[42000] [FreeTDS][SQL Server]Login failed for user 'x'. (18456)", "AUTH_REFUSED", False),
        ("42000", "[42000] Access denied for user 'x'@'h' to database 'd' (1044)", "DENIED", False),
        ("08001", '[08001] FATAL:  permission denied for database "d"', "DENIED", False),
        ("08001", '[08001] FATAL:  database "d" does not exist', "NOT_FOUND", False),
        ("08001", "[08001] connection refused", "UNREACHABLE", True),
        ("HYT00", "[HYT00] Login timeout expired", "UNREACHABLE", True),
        ("IM002", "[IM002] Data source name not found and no default driver specified", "DRIVER_MISSING", False),
        ("01000", "[01000] Can't open lib 'x' : file not found", "DRIVER_MISSING", False),
        ("08001", "[08001] SSL error: certificate verify failed", "TLS_REFUSED", False),
    ],
)
def test_a_refused_connection_is_told_by_its_cause(state: str, text: str, code: str, transient: bool) -> None:
    error = errors.connecting(Exception(state, text), "h")
    assert (error.code, error.transient) == (code, transient)


def test_a_drivers_words_are_scrubbed_of_passwords() -> None:
    secrets.remember("hunter2-canary")
    said = errors.words(
        Exception("HY000", "could not use 'hunter2-canary' in DRIVER=x;PWD={un;known}};x};UID=y\x00\n  here")
    )
    assert "hunter2-canary" not in said
    assert "known" not in said
    assert "PWD=***" in said
    assert not re.search(r"\n", said)


@pytest.mark.parametrize("name", ["f`k", "plain"])
def test_a_foreign_key_written_unescaped_is_passed_over_not_misread(name: str) -> None:
    """MariaDB before 10.11.19 writes a foreign key's names as they are, backticks and all."""
    ddl = (
        "CREATE TABLE `t` (\n  `id` int,\n"
        f"  CONSTRAINT `{name}` FOREIGN KEY (`x`y`) REFERENCES `odd` (`a`b`) ON DELETE CASCADE,\n"
        "  CONSTRAINT `sound` FOREIGN KEY (`id`) REFERENCES `u` (`id`) ON DELETE CASCADE\n) ENGINE=InnoDB"
    )
    assert name not in [row[1] for row in show_create.foreign_keys("t", ddl)]
