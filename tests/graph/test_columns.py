"""Which columns are made from which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.graph import build
from scanner.graph.names import ColumnUse, Name
from scanner.graph.sql import dependencies, script_columns

if TYPE_CHECKING:
    from tests.graph.conftest import Estate

SCHEMA = {
    "emp": ("id", "name", "dept_id", "pay"),
    "dept": ("id", "title", "boss_id"),
    "log": ("id", "what", "at"),
}


def columns_of(name: Name) -> Mapping[str, str] | None:
    known = SCHEMA.get(name.last.lower())
    return None if known is None else {column.lower(): column for column in known}


def values(found: tuple[ColumnUse, ...]) -> set[str]:
    return {f"{u.column}<{u.table}.{u.source}" for u in found if u.role == "value"}


def conditions(found: tuple[ColumnUse, ...]) -> set[str]:
    return {f"{u.table}.{u.source}" for u in found if u.role == "condition"}


@pytest.mark.parametrize(
    ("dialect", "text", "shown", "filters"),
    [
        ("", "SELECT name, title FROM emp JOIN dept ON dept_id = dept.id WHERE pay > 1",
         "name<emp.name title<dept.title", "emp.dept_id dept.id emp.pay"),
        ("", "SELECT e.* FROM emp e", "id<emp.id name<emp.name dept_id<emp.dept_id pay<emp.pay", ""),
        ("", "SELECT x.*, title FROM unseen x, dept", "title<dept.title *<unseen.*", ""),
        ("", "WITH a AS (SELECT id AS k, pay FROM emp), b (n) AS (SELECT max(pay) FROM a) SELECT n FROM b",
         "n<emp.pay", "emp.id"),
        ("postgres", ("WITH RECURSIVE up AS (SELECT id, boss_id FROM dept UNION ALL SELECT d.id, up.boss_id FROM dept d"
         " JOIN up ON d.id = up.boss_id) SELECT id FROM up"), "id<dept.id", "dept.boss_id dept.id"),
        ("tsql", ("WITH up AS (SELECT id i, name n FROM emp UNION ALL SELECT e.id, up.n FROM emp e JOIN up"
         " ON e.id = up.i) SELECT n FROM up"), "n<emp.name", "emp.id"),
        ("", "SELECT id FROM emp UNION SELECT boss_id FROM dept ORDER BY id", "id<emp.id id<dept.boss_id", ""),
        ("", "SELECT sum(pay) OVER (PARTITION BY dept_id ORDER BY id) AS s FROM emp",
         "s<emp.pay s<emp.dept_id s<emp.id", ""),
        ("", "SELECT (SELECT title FROM dept d WHERE d.id = e.dept_id) AS t FROM emp e",
         "t<dept.title", "dept.id emp.dept_id"),
        ("", "SELECT name FROM emp WHERE EXISTS (SELECT 1 FROM dept WHERE boss_id = emp.id)",
         "name<emp.name", "dept.boss_id emp.id"),
        ("postgres", "SELECT l.n FROM emp e, LATERAL (SELECT e.pay * 2 AS n) l", "n<emp.pay", ""),
        ("postgres", "SELECT v, k FROM emp, unnest(string_to_array(name, ' ')) AS u(v), dept d(k)",
         "v<emp.name k<dept.id", ""),
        ("tsql", "SELECT a.what FROM emp e OUTER APPLY (SELECT TOP 1 what FROM log WHERE log.id = e.id ORDER BY at) a",
         "what<log.what", "log.id emp.id log.at"),
        ("tsql", "SELECT id, p FROM emp PIVOT (SUM(pay) FOR dept_id IN ([p], [q])) AS v",
         "id<emp.id p<emp.pay", "emp.dept_id"),
        ("tsql", "SELECT u.amount FROM emp UNPIVOT (amount FOR kind IN (pay, dept_id)) u",
         "amount<emp.pay amount<emp.dept_id", ""),
        ("", "SELECT id, name FROM emp NATURAL JOIN (SELECT id FROM dept) d", "id<emp.id id<dept.id name<emp.name", ""),
        ("", "SELECT id FROM emp JOIN dept USING (id)", "id<emp.id id<dept.id", "emp.id dept.id"),
        ("", "SELECT upper(name) AS n FROM emp GROUP BY n HAVING count(*) > 1", "n<emp.name", "emp.*"),
        ("bigquery", "SELECT * EXCEPT (name, dept_id) REPLACE (pay + id AS pay) FROM emp",
         "id<emp.id pay<emp.pay pay<emp.id", ""),
        ("oracle", "SELECT LEVEL, name FROM emp START WITH pay IS NULL CONNECT BY PRIOR id = dept_id",
         "name<emp.name", "emp.pay emp.id emp.dept_id"),
        ("", "SELECT t.c FROM (VALUES (1, 2)) AS t(b, c)", "", ""),
        ("", "SELECT q.b FROM (SELECT id, name FROM emp) q (a, b)", "b<emp.name", "emp.id"),
        ("", "CREATE VIEW v (one, two) AS SELECT id, name FROM emp", "one<emp.id two<emp.name", ""),
        ("spark", "SELECT transform(items, x -> x + pay) AS t FROM emp", "t<emp.pay t<None.items", ""),
    ],
)  # fmt: skip
def test_a_view_shows_some_columns_and_filters_by_others(dialect: str, text: str, shown: str, filters: str) -> None:
    found = dependencies(text, dialect, "view", None, columns_of).columns
    assert (values(found), conditions(found)) == (set(shown.split()), set(filters.split()))


@pytest.mark.parametrize(
    ("dialect", "text", "made"),
    [
        ("", "INSERT INTO log (what, id) SELECT name, id FROM emp", "log.what<emp.name log.id<emp.id"),
        ("", "INSERT INTO log SELECT id, name, pay FROM emp", "log.id<emp.id log.what<emp.name log.at<emp.pay"),
        ("", "CREATE TABLE t AS SELECT pay AS p FROM emp; INSERT INTO log (at) SELECT p FROM t",
         "t.p<emp.pay log.at<t.p"),
        ("tsql", ("SELECT id, name INTO #s FROM emp; INSERT #s SELECT boss_id, title FROM dept;"
         " INSERT log (what) SELECT s.name FROM #s s"), "log.what<emp.name log.what<dept.title"),
        ("postgres", ("CREATE TEMP TABLE s (k int); INSERT INTO s SELECT pay FROM emp; INSERT INTO log (id)"
         " SELECT k FROM s"), "log.id<emp.pay"),
        ("tsql", "UPDATE e SET e.pay = l.id, name = title FROM emp e JOIN log l ON l.id = e.id, dept",
         "emp.pay<log.id emp.name<dept.title"),
        ("mysql", "UPDATE emp e JOIN dept d ON d.id = e.dept_id SET e.name = d.title", "emp.name<dept.title"),
        ("oracle", "UPDATE emp SET (name, pay) = (SELECT title, boss_id FROM dept WHERE dept.id = dept_id)",
         "emp.name<dept.title emp.pay<dept.boss_id"),
        ("tsql", ("MERGE emp AS t USING (SELECT id, title FROM dept) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET"
         " t.name = s.title WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id);"), "emp.name<dept.title emp.id<dept.id"),
        ("spark", "MERGE INTO dept USING log ON dept.id = log.id WHEN MATCHED THEN UPDATE SET *",
         "dept.id<log.id dept.what<log.what dept.at<log.at"),
        ("oracle", "INSERT ALL WHEN id < 1 THEN INTO log (what) VALUES (name) SELECT id, name FROM emp",
         "log.what<emp.name"),
        ("postgres", "WITH gone AS (DELETE FROM emp RETURNING *) INSERT INTO log (id, what) SELECT id, name FROM gone",
         "log.id<emp.id log.what<emp.name"),
        ("postgres", "INSERT INTO log (id) VALUES ((SELECT max(pay) FROM emp))", "log.id<emp.pay"),
        ("bigquery", "INSERT INTO log (what) SELECT u.field.name FROM unseen u", "log.what<unseen.field"),
        ("oracle", "CREATE PROCEDURE p AS BEGIN INSERT INTO log (id) SELECT pay FROM emp; END;", "log.id<emp.pay"),
    ],
)  # fmt: skip
def test_statements_fill_columns_from_columns(dialect: str, text: str, made: str) -> None:
    found = script_columns(text, dialect, columns_of)
    assert {f"{u.target}.{u.column}<{u.table}.{u.source}" for u in found if u.role == "value"} == set(made.split())


def test_what_cannot_be_told_is_marked_and_not_guessed() -> None:
    found = dependencies("SELECT a, x.b FROM x JOIN y ON x.i = y.i", "").columns
    kept = {(str(u.table), u.source, u.how) for u in found if u.role == "value"}
    assert kept == {("None", "a", "inferred"), ("x", "b", "parsed")}
    alone = dependencies("SELECT a FROM x", "").columns
    assert [(str(u.table), u.how) for u in alone] == [("x", "parsed")]


def test_a_later_output_may_use_an_earlier_one_where_no_column_has_that_name() -> None:
    found = dependencies("SELECT pay * 2 AS twice, twice + id AS more FROM emp", "snowflake", columns_of=columns_of)
    assert values(found.columns) == {"twice<emp.pay", "more<emp.pay", "more<emp.id"}


WORDS = re.findall(
    r"\S+",
    "SELECT FROM WHERE * ( ) , a b emp e . AS JOIN ON = WITH RECURSIVE UNION ALL INSERT INTO UPDATE SET MERGE USING"
    " WHEN MATCHED THEN PIVOT LATERAL VALUES IN EXISTS OVER 1 'x'",
)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=24,
    )
)
def test_no_text_stops_the_tracing(words: list[str]) -> None:
    for dialect in ("", "tsql", "oracle"):
        script_columns(" ".join(words), dialect, columns_of)


def test_deep_nesting_is_a_problem_and_no_crash() -> None:
    text = "SELECT a FROM (" * 400 + "SELECT a FROM x" + ")" * 400
    found = dependencies(text, "")
    assert found.columns or found.problems


def test_column_edges_join_assets_of_the_graph(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "shop", "public", "mart")
    for path, columns in {"shop/public/orders": ["id", "total", "note"], "shop/mart/daily": ["Day", "sum"]}.items():
        estate.entry("pg", path)
        for position, name in enumerate(columns, 1):
            estate.fact("column", "pg", path, name=name, position=position)
    text = "SELECT o.total AS t FROM public.orders o JOIN gone g ON g.id = o.id WHERE note IS NULL"
    estate.routine("pg", "shop/mart/v", "view", text, "postgres")
    fill = (
        "BEGIN CREATE TEMP TABLE x AS SELECT total FROM public.orders; INSERT INTO daily (sum) SELECT total FROM x; END"
    )
    estate.routine("pg", "shop/mart/fill", "procedure", fill, "postgres", language="plpgsql")
    found = {(e.asset, e.column, e.from_asset, e.from_column, e.role) for e in build(estate.reader()).columns}
    assert found == {
        ("pg/shop/mart/v", "t", "pg/shop/public/orders", "total", "value"),
        ("pg/shop/mart/v", "*", "pg/shop/public/orders", "id", "condition"),
        ("pg/shop/mart/v", "*", "?pg/shop/mart/gone", "id", "condition"),
        ("pg/shop/mart/v", "*", "pg/shop/public/orders", "note", "condition"),
        ("pg/shop/mart/daily", "sum", "pg/shop/public/orders", "total", "value"),
    }


def test_a_statement_whose_columns_cannot_be_traced_keeps_its_references(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AttributeError("args")

    monkeypatch.setattr("scanner.graph.columns.Columns.read", broken)
    found = dependencies("SELECT id FROM emp", "")
    assert {str(n) for n in found.reads} == {"emp"}
    assert found.problems == ("its columns were not traced: AttributeError",)


def test_a_text_without_a_body_is_told() -> None:
    assert dependencies("CREATE PROCEDURE p AS", "tsql", "procedure").problems == ("no body was found in its text",)
