"""What a definition is read to depend on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.graph.names import Dependencies
from scanner.graph.sql import dependencies, script


def names(found: Dependencies) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = {}
    for reference in found.references:
        if reference.verb != "may_call":
            grouped.setdefault(reference.verb, set()).add(str(reference.name))
    return grouped


@pytest.mark.parametrize(
    ("dialect", "text", "reads"),
    [
        ("postgres", "WITH t AS (SELECT * FROM t) SELECT * FROM t", {"t"}),
        ("postgres", "WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b", set()),
        ("postgres", "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t", set()),
        ("tsql", "WITH t AS (SELECT 1 x UNION ALL SELECT x FROM t) SELECT * FROM t", set()),
        ("postgres", "SELECT * FROM (WITH c AS (SELECT 1) SELECT * FROM c) s JOIN c ON true", {"c"}),
        ("postgres", "WITH c AS (SELECT 1) SELECT * FROM s.c", {"s.c"}),
        ("postgres", "SELECT (SELECT max(x) FROM b) FROM a WHERE EXISTS (SELECT 1 FROM c)", {"a", "b", "c"}),
        ("postgres", "SELECT * FROM generate_series(1, 3) g, unnest(ARRAY[1]) u, a", {"a"}),
        ("postgres", "CREATE MATERIALIZED VIEW v AS SELECT * FROM a WITH NO DATA", {"a"}),
        ("mysql", "select `a`.`b`.`x` AS `x` from `a`.`b`", {"a.b"}),
        ("sqlite", 'CREATE VIEW "my view" AS SELECT * FROM [odd name]', {"odd name"}),
        ("tsql", "CREATE VIEW v WITH SCHEMABINDING AS SELECT x FROM dbo.a WITH (NOLOCK) CROSS APPLY f(x) q", {"dbo.a"}),
    ],
)  # fmt: skip
def test_views_read_tables_and_never_their_own_expressions(dialect: str, text: str, reads: set[str]) -> None:
    found = dependencies(text, dialect)
    assert {str(n) for n in found.reads} == reads
    assert (found.writes, found.how, found.problems) == ((), "parsed", ())


PLPGSQL = """CREATE OR REPLACE FUNCTION public.tidy(p int) RETURNS int AS $body$
DECLARE
  v int; r record;
BEGIN
  SELECT count(*) INTO STRICT v FROM rental WHERE id = p;
  IF EXISTS (SELECT 1 FROM flags) THEN
    INSERT INTO audit.log SELECT * FROM film ON CONFLICT (id) DO UPDATE SET n = 1;
  ELSE
    PERFORM public.note(p) FROM staff;
  END IF;
  FOR r IN SELECT CASE WHEN a THEN 1 ELSE 2 END FROM shop LOOP
    UPDATE stock SET n = 0 WHERE id = r.id;
    DELETE FROM hold USING old_hold WHERE hold.id = old_hold.id;
  END LOOP;
  CREATE TEMP TABLE scratch AS SELECT * FROM address;
  INSERT INTO city SELECT * FROM scratch; -- FROM comment
  v := (SELECT max(id) FROM country);
  REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
  RETURN v;
END $body$ LANGUAGE plpgsql"""


def test_a_plpgsql_body_is_read_statement_by_statement() -> None:
    found = dependencies(PLPGSQL, "postgres", "function", "plpgsql")
    assert names(found) == {
        "reads": {"rental", "flags", "film", "staff", "shop", "old_hold", "address", "country"},
        "writes": {"audit.log", "stock", "city", "totals"},
        "removes": {"hold"},
    }
    assert (found.how, found.dynamic, found.problems) == ("parsed", (), ())
    lines = {str(r.name): r.line for r in found.references}
    assert (lines["rental"], lines["film"], lines["public.note"], lines["country"]) == (5, 7, 9, 17)


TSQL = """CREATE PROCEDURE dbo.nightly @day int AS
SET NOCOUNT ON
DECLARE @t TABLE (id int)
INSERT INTO @t SELECT id FROM Orders WHERE d = @day
SELECT * INTO #work FROM Customers
IF EXISTS (SELECT 1 FROM Flags) UPDATE o SET o.v += 1 FROM dbo.Orders o JOIN #work w ON w.id = o.id
ELSE DELETE FROM [Old Stuff]
EXEC @rc = dbo.[other proc] @day
WITH c AS (SELECT * FROM Base) INSERT INTO Sink (a) SELECT a FROM c
INSERT INTO Tally VALUES (1)
SELECT 1 FROM Last1
MERGE INTO Tgt USING Src ON 1 = 1 WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1);
"""


def test_a_transact_sql_body_needs_no_semicolons() -> None:
    found = dependencies(TSQL, "tsql", "procedure")
    assert names(found) == {
        "reads": {"Orders", "Customers", "Flags", "Base", "Last1", "Src"},
        "writes": {"dbo.Orders", "Sink", "Tally", "Tgt"},
        "removes": {"Old Stuff"},
        "calls": {"dbo.other proc"},
    }
    assert found.dynamic == ()


def test_a_mysql_body_with_cursor_and_loops() -> None:
    text = """BEGIN
      DECLARE cur CURSOR FOR SELECT id FROM customer;
      OPEN cur; FETCH cur INTO x;
      REPEAT INSERT INTO report SELECT p.id FROM payment AS p; UNTIL done END REPEAT;
      WHILE i < 3 DO UPDATE stock SET n = 1; SET i = i + 1; END WHILE;
      CALL other.proc(1);
    END"""
    assert names(dependencies(text, "mysql", "procedure", "SQL")) == {
        "reads": {"customer", "payment"},
        "writes": {"report", "stock"},
        "calls": {"other.proc"},
    }


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("postgres", "BEGIN EXECUTE format('SELECT * FROM %I', t); END"),
        ("postgres", "BEGIN RETURN QUERY EXECUTE q; END"),
        ("mysql", "BEGIN SET @s = CONCAT('SELECT ', x); PREPARE st FROM @s; EXECUTE st; END"),
        ("oracle", "BEGIN EXECUTE IMMEDIATE 'DROP TABLE ' || t; END"),
        ("tsql", "CREATE PROCEDURE p AS EXEC(@sql)"),
        ("tsql", "CREATE PROCEDURE p AS EXEC @sql"),
        ("tsql", "CREATE PROCEDURE p AS EXEC sp_executesql @sql"),
    ],
)
def test_text_built_while_it_runs_is_flagged(dialect: str, text: str) -> None:
    found = dependencies(text, dialect, "procedure")
    assert found.dynamic
    assert found.calls == ()


def test_a_call_and_a_trigger_are_not_dynamic() -> None:
    trigger = "CREATE TRIGGER t BEFORE UPDATE OR DELETE ON a FOR EACH ROW WHEN (true) EXECUTE FUNCTION s.f('x')"
    found = dependencies(trigger, "postgres", "trigger")
    assert (found.dynamic, found.writes) == ((), ())
    assert "s.f" in {str(r.name) for r in found.references if r.verb == "may_call"}
    assert dependencies("CREATE PROCEDURE p AS EXECUTE dbo.q 1", "tsql", "procedure").dynamic == ()


def test_the_quoted_part_of_dynamic_sql_is_inferred() -> None:
    found = dependencies(
        "BEGIN EXECUTE 'INSERT INTO sink SELECT * FROM source WHERE x = ' || y; END", "postgres", "function"
    )
    assert names(found) == {"writes": {"sink"}, "reads": {"source"}}
    assert found.how == "inferred"


def test_what_does_not_parse_is_read_by_its_keywords_and_said_so() -> None:
    text = (
        "SELECT ?? FROM a x, s.b AS y LEFT JOIN LATERAL c ON (( WHERE EXTRACT(year FROM d) = 1 AND e IS DISTINCT FROM f"
    )
    found = dependencies(text, "postgres")
    assert ({str(n) for n in found.reads}, found.how) == ({"a", "s.b", "c"}, "inferred")
    assert found.problems[0].startswith("line 1: ")


def test_other_languages_and_other_servers_are_named() -> None:
    assert dependencies("import x", "postgres", "function", "plpython3u").problems == (
        "its body is written in plpython3u, not in SQL",
    )
    text = "SELECT * FROM OPENQUERY(LNK, 'select a from s.t') q"
    found = dependencies(text, "tsql", "view")
    assert ({str(n) for n in found.reads}, found.problems) == ({"LNK..s.t"}, ())
    text = "SELECT * FROM OPENROWSET(@provider, @place, @query) q"
    problem = "OPENROWSET reads a provider or a file, which its text does not name"
    assert problem in dependencies(text, "tsql", "procedure").problems


def test_the_words_of_strings_and_comments_are_no_tables() -> None:
    text = "BEGIN INSERT INTO log VALUES ('DELETE FROM x; SELECT * FROM y'); /* SELECT * FROM z; */ END"
    assert names(dependencies(text, "postgres", "function", "plpgsql")) == {"writes": {"log"}}


def test_a_script_is_told_by_what_it_needs_and_leaves() -> None:
    text = "CREATE TABLE m AS SELECT * FROM a; INSERT INTO b SELECT * FROM m; DROP TABLE m; ALTER TABLE b RENAME TO c"
    sources, targets = script(text, "postgres")
    assert ([str(n) for n in sources], [str(n) for n in targets]) == (["a"], ["c"])


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from(list("SELECT FROM INTO abc.,;()'\"[]`$@#:=-\n/*\\")), max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    for dialect in ("postgres", "tsql", "mysql"):
        for kind in ("view", "procedure"):
            found = dependencies(text, dialect, kind)
            lines = text.count("\n") + 1
            assert all(1 <= r.line <= lines and r.name.parts for r in found.references)


@pytest.mark.parametrize(
    ("dialect", "kind", "text"),
    [
        ("postgres", "procedure", "SELECT 1 " + "FROM a " * 25_000),
        ("postgres", "procedure", "SELECT (1 " + "FROM a " * 25_000),
        ("postgres", "procedure", "SELECT * " + "FROM (" * 25_000),
        ("postgres", "view", "WITH " + "a (x) AS (" * 15_000),
        ("mysql", "procedure", "BEGIN ALTER TABLE a " + "TO b WITH c " * 12_000),
        ("tsql", "procedure", "SELECT 1 " + "+= " * 150_000),
        (
            "postgres",
            "view",
            "WITH " + ", ".join(f"a{i} AS (SELECT * FROM a{i - 1})" for i in range(1, 5_000)) + " SELECT * FROM a1",
        ),
    ],
    ids=["from", "from in brackets", "brackets", "with", "alter", "operators", "tables of with"],
)
def test_a_long_text_costs_its_length_and_not_its_square(dialect: str, kind: str, text: str) -> None:
    dependencies(text, dialect, kind)  # with a search from every word it would run for many minutes


def test_of_an_endless_text_the_beginning_is_read_and_the_cut_is_said() -> None:
    text = "SELECT '" + "x" * 4_000_000 + "' FROM beyond"
    found = dependencies("INSERT INTO sink SELECT * FROM near; " + text, "postgres", "procedure")
    assert names(found) == {"writes": {"sink"}, "reads": {"near"}}
    assert found.problems[0] == "only its first 500,000 of 4,000,058 characters were read"


@pytest.mark.parametrize("text", ["SELECT " + "(" * 3000 + "1" + ")" * 3000, "SELECT 1" + " FROM (SELECT * " * 3000])
def test_what_is_nested_too_deeply_is_read_by_its_keywords_and_said_so(text: str) -> None:
    found = dependencies(text + " FROM a", "postgres")
    assert found.problems == ("line 1: it is nested too deeply for the parser",)
    assert "a" in {str(n) for n in found.reads}
