"""Foreign keys nobody declared: what a name, a type and values may say, and above all what they may not."""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.graph import build
from scanner.graph.key_facts import ColumnRow, KeyRow
from scanner.graph.keys import Sketches, infer
from scanner.keys.families import family
from scanner.keys.names import entity, is_short_for, meanings, singular
from scanner.keys.sketches import contained, sketch
from tests.graph.key_schema import HOUSING, Pair, schema

if TYPE_CHECKING:
    from tests.graph.conftest import Estate

KEY = b"k"


def guessed(text: str, sketches: Sketches | None = None) -> set[Pair]:
    columns, keys, _ = schema(text)
    return {
        (g.path, child, g.ref_path, parent)
        for g in infer(columns, keys, sketches)
        for child, parent in zip(g.columns, g.ref_columns, strict=True)
    }


def to(text: str, column: str, sketches: Sketches | None = None) -> str | None:
    """The table that a column of table ``child`` is guessed to refer to."""
    found = {parent for child, name, parent, _ in guessed(text, sketches) if (child, name) == ("main/child", column)}
    assert len(found) <= 1
    return found.pop().removeprefix("main/") if found else None


def test_a_housing_database_of_25_tables_is_read_as_it_was_meant() -> None:
    columns, _, labels = schema(HOUSING)
    assert len({row.path for row in columns}) >= 25
    got = guessed(HOUSING)
    assert 2 * len(got & labels) / (len(got) + len(labels)) >= 0.95, (got - labels, labels - got)
    assert len(got - labels) <= 1


@pytest.mark.parametrize(
    ("column", "parent"),
    [
        ("customer_id", "customer: *id"),
        ("CustomerID", "Customers: *CustomerID"),
        ("customerid", "customer: *id"),
        ("id_customer", "customer: *id"),
        ("fk_customer_id", "customer: *id"),
        ("category_id", "categories: *id"),
        ("address_id", "addresses: *id"),
        ("person_id", "people: *id"),
        ("billing_address_id", "address: *address_id"),
        ("address_id_billing", "address: *address_id"),
        ("media_type_id", "MediaType: *MediaTypeId"),
        ("dept_id", "department: *id"),
        ("cust_no", "tblCustomer: *cust_no"),
        ("salesRepEmployeeNumber", "employees: *employeeNumber"),
        ("customer", "customer: *id"),
        ("support_rep_id", "employee: *employee_id"),
        ("approved_by", "staff: *staff_id"),
        ("type_id", "child_type: *id"),
        ("facid", "facilities: *facid"),
        ("part_cat_id", "part_categories: *id"),
        ("owner_id", "users: *id"),
        ("worker", "caseworker: *id"),
        ("recommendedby", "members: *memid"),
    ],
)
def test_a_name_points_to_a_key(column: str, parent: str) -> None:
    assert to(f"child: *n bigint, {column} int\n{parent} int", column) == parent.partition(":")[0]


@pytest.mark.parametrize(
    ("columns", "parent"),
    [
        ("id int", "customer: *id int"),  # its own
        ("code int", "country: *code int"),  # a word of every table
        ("status int", "orders: *status int"),
        ("customer_id date", "customer: *id int"),  # types
        ("customer_id varchar(20)", "customer: *id int"),
        ("customer_id numeric(10,2)", "customer: *id int"),
        ("customer_id int", "customer: id int"),  # no key
        ("customer_id int", "customer: *id int, *valid_from date"),  # half a key
        ("external_customer_id int", "customer: *id int"),  # somebody else's
        ("stripe_customer_id int", "customer: *id int"),
        ("tax_id_type int", "tax: *id int"),  # about an identifier
        ("rooms int", "room: *id int"),  # a count
        ("customer_count int", "customer: *id int"),
        ("house_number int", "house: *id int"),  # a number of its own kind
        ("paid int", "pa: *id int\npayment: *id int"),  # no identifier of a pa
        ("owner_id int, owner_type varchar(9)", "person: *id int"),  # of whatever table the type says
        ("owner_id int, owner_type varchar(9)", "users: *id int"),
        ("owner_id int", "employee: *id int"),  # what belongs to somebody need not belong to staff
        ("worker int", "person: *id int"),  # whoever that is
        ("worker int", "caseworker: *id int\nlinkworker: *id int\nstaff: *id int"),
        ("manager_id int", "gadget: *id int"),  # nobody works there
        ("customer_name varchar(40)", "customer: *id int, !name varchar(40)"),
        ("email varchar(40)", "customer: *email varchar(40)"),
        ("line_no int", "ledger_page: *line_no int"),
        ("group_id int", "user_group: *id int\nproduct_group: *id int"),  # two of them
        ("cus_id int", "customer: *id int\ncustodian: *id int"),
        ("person_id int", "employee: *person_id int\nmember: *person_id int"),
        ("tinyflag_id tinyint(1)", "tinyflag: *id int"),
        ("customer_id int", "customer_bak: *id int\ncustomer: id int"),  # only the copy has a key
    ],
)
def test_a_name_that_means_nothing_here_points_nowhere(columns: str, parent: str) -> None:
    for column in columns.split(", "):
        assert to(f"child: *n bigint, {columns}\n{parent}", column.split()[0]) is None


def test_self_references_stay_in_the_table() -> None:
    text = "staff: *staff_id int, reports_to int, manager_id int, parent_staff_id int\nnode: *id int, parent_id int"
    assert guessed(text) == {
        ("main/staff", "reports_to", "main/staff", "staff_id"),
        ("main/staff", "manager_id", "main/staff", "staff_id"),
        ("main/staff", "parent_staff_id", "main/staff", "staff_id"), ("main/node", "parent_id", "main/node", "id"),
    }  # fmt: skip


def test_a_table_that_shares_its_key_refers_to_the_one_named_by_it_not_the_other_way() -> None:
    text = "user: *user_id int\nuser_profile: *user_id int, motto varchar(9)\nuser_photo: *user_id int"
    assert guessed(text) == {
        ("main/user_profile", "user_id", "main/user", "user_id"),
        ("main/user_photo", "user_id", "main/user", "user_id"),
    }  # fmt: skip


def test_a_junction_table_refers_to_both_and_nothing_refers_to_it() -> None:
    text = "film: *film_id int\nactor: *actor_id int\nfilm_actor: *film_id int, *actor_id int"
    text += "\naward: *id int, film_id int, actor_id int"
    assert {(child, parent) for child, _, parent, _ in guessed(text)} == {
        ("main/film_actor", "main/film"), ("main/film_actor", "main/actor"), ("main/award", "main/film"),
        ("main/award", "main/actor"),
    }  # fmt: skip


def test_a_key_of_two_columns_is_one_reference_and_needs_a_column_of_its_own() -> None:
    text = "orders: *order_id int\norder_line: *order_id int, *line_no int"
    text += "\norder_line_tax: *id int, order_id int, line_no int\nsalary: *order_id int, *year int"
    columns, keys, _ = schema(text)
    found = [g for g in infer(columns, keys) if len(g.columns) > 1]
    assert [(g.path, g.columns, g.ref_path) for g in found] == [
        ("main/order_line_tax", ("order_id", "line_no"), "main/order_line")
    ]
    alone = {(g.path, g.ref_path) for g in infer(columns, keys) if len(g.columns) == 1}
    assert ("main/order_line_tax", "main/orders") not in alone  # it follows


def test_a_table_that_numbers_its_own_lines_does_not_refer_to_anothers() -> None:
    text = "orders: *order_id int\norder_line: *order_id int, *line_no int"
    text += "\ninvoice_line: *invoice_no int, *line_no int, order_id int\nreceipt: *id int, order_id int, line_no int"
    columns, keys, _ = schema(text)
    assert {(g.path, g.ref_path) for g in infer(columns, keys) if len(g.columns) > 1} == {
        ("main/receipt", "main/order_line")
    }


def test_a_declared_key_is_not_guessed_again() -> None:
    columns, keys, _ = schema("child: *n bigint, customer_id int\ncustomer: *id int")
    assert len(infer(columns, keys)) == 1
    assert infer(columns, [*keys, KeyRow("db", "main/child", "foreign", ("customer_id",), "main/customer")]) == ()


def test_other_databases_are_not_looked_into_and_the_own_schema_comes_first() -> None:
    columns, keys, _ = schema("child: *n bigint, customer_id int\ncustomer: *id int", holder="db/a")
    more, others, _ = schema("customer: *id int", holder="db/b")
    (guess,) = infer([*columns, *more], [*keys, *others])
    assert guess.ref_path == "db/a/customer"
    child, own, _ = schema("child: *n bigint, customer_id int", holder="db/a")
    (abroad,) = infer([*child, *more], [*own, *others])
    assert (abroad.ref_path, abroad.score < guess.score) == ("db/b/customer", True)
    elsewhere, theirs, _ = schema("customer: *id int", source="crm", holder="db/b")
    assert infer([*child, *elsewhere], [*own, *theirs]) == ()


def sketched(**values: list[object]) -> Sketches:
    return {
        ("db", f"main/{name.partition('__')[0]}", name.partition("__")[2]): sketch(v, KEY) for name, v in values.items()
    }


TWO = "child: *n bigint, customer_id int\ncustomer: *id int"


def test_values_refute_a_name_and_orphans_only_weaken_it() -> None:
    parents: list[object] = [*range(1000, 2000)]
    columns, keys, _ = schema(TWO)

    def score(values: list[object]) -> float | None:
        found = infer(columns, keys, sketched(child__customer_id=values, customer__id=parents))
        return found[0].score if found else None

    plain = infer(columns, keys)[0].score
    assert score([*range(5000, 5500)]) is None
    assert score([*range(1000, 1900)]) > plain  # type: ignore[operator]
    assert score([*range(1000, 1080), *range(20)]) < plain  # type: ignore[operator]
    assert score([1001, 1002, 1003]) == plain  # too few to say anything
    assert score([None, None]) == plain


def test_small_whole_numbers_in_a_counter_are_no_evidence() -> None:
    text = "child: *n bigint, grade int, ticks bigint\ncustomer: *id int"
    values = sketched(child__grade=[1, 2, 3, 4, 5] * 9, child__ticks=[*range(1, 400)], customer__id=[*range(1, 900)])
    assert guessed(text, values) == set()


def test_many_values_that_no_counter_gave_speak_for_themselves_unless_two_keys_have_them() -> None:
    ids: list[object] = [uuid.UUID(int=n * 7919**9 % 2**128) for n in range(1, 400)]
    text = "child: *n bigint, whose uuid\nparty: *id uuid\nother: *id uuid"
    assert to(text, "whose", sketched(child__whose=ids[:90], party__id=ids, other__id=ids[:3])) == "party"
    assert to(text, "whose", sketched(child__whose=ids[:90], party__id=ids, other__id=ids)) is None
    assert to(text, "whose", sketched(child__whose=[*ids[:90], uuid.UUID(int=5)], party__id=ids)) is None


def test_a_table_without_keys_has_one_where_every_value_was_seen_once() -> None:
    text = "child: *n bigint, customer_id int\ncustomer: customer_id int, name varchar(9)"
    once: list[object] = [*range(100, 150)]
    assert to(text, "customer_id") is None
    assert to(text, "customer_id", sketched(customer__customer_id=once)) == "customer"
    assert to(text, "customer_id", sketched(customer__customer_id=[*once, 100])) is None
    part = {("db", "main/customer", "customer_id"): sketch(once, KEY, complete=False)}
    assert to(text, "customer_id", part) is None


def test_a_sketch_keeps_no_value_and_estimates_containment() -> None:
    large, part = sketch(range(50_000), KEY), sketch(range(20_000, 60_000), KEY)
    assert len(large.hashes) == 1024
    share = contained(part, large)
    assert share == pytest.approx(0.75, abs=0.06)
    assert contained(sketch(range(40_000), KEY), large) == 1.0
    assert contained(large, sketch(range(10), KEY, complete=False)) is None
    assert not set(large.hashes) & set(sketch(range(50_000), b"another").hashes)
    assert sketch([1, 2.0, "3"], KEY).hashes == sketch([1.0, 2, "3 "], KEY).hashes
    assert "secret" not in repr(sketch(["secret", "words"], KEY))


def test_words_of_names() -> None:
    assert meanings("BillToAddressID")[0].words == ("bill", "to", "address")
    assert entity("tblCustomers") == ("customer",)
    assert entity("app_orders", "app") == ("order",)
    assert [singular(w) for w in ("cities", "statuses", "boxes", "staff", "bus")] == [
        "city",
        "status",
        "box",
        "staff",
        "bus",
    ]
    assert is_short_for("dept", "department")
    assert not is_short_for("cat", "contract")
    kinds = [
        family(t, None, None, None) for t in ("NUMBER(10)", "numeric(8,2)", "nvarchar(max)", "datetime", "uuid", None)
    ]
    assert kinds == ["integer", "", "", "", "uuid", "any"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12), st.booleans()), max_size=12))
def test_any_names_are_taken_and_their_order_does_not_matter(items: list[tuple[str, str, bool]]) -> None:
    columns = [ColumnRow("s", "s", f"m/{table}", column, "int") for table, column, _ in items]
    keys = [KeyRow("s", f"m/{table}", "primary", (column,)) for table, column, is_key in items if is_key]
    assert infer(columns, keys) == infer(columns[::-1], keys[::-1])


def test_tables_with_the_same_columns_take_no_quadratic_work() -> None:
    def calls(tables: int) -> int:
        text = "\n".join(
            f"t{n}x: *id int, code int, parent_id int, t{n // 2}x_id int, thing_id int" for n in range(tables)
        )
        columns, keys, _ = schema(text)
        made = 0

        def count(*_: object) -> None:
            nonlocal made
            made += 1

        sys.setprofile(count)
        try:
            found = infer(columns, keys)
        finally:
            sys.setprofile(None)
        assert len(found) >= tables
        return made

    assert calls(1000) < 7 * calls(200)


def test_guesses_are_edges_with_their_reason_and_views_make_none(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "shop", "public")
    for table, kind in (("customer", "table"), ("orders", "table"), ("v_orders", "view")):
        estate.entry("pg", f"shop/public/{table}", kind)
    for table, column in (("customer", "id"), ("orders", "customer_id"), ("v_orders", "customer_id")):
        estate.fact("column", "pg", f"shop/public/{table}", name=column, position=1, type="integer")
    estate.fact("key", "pg", "shop/public/customer", name="pk", kind="primary", columns=["id"])
    (edge,) = build(estate.reader()).edges
    assert (edge.source, edge.target) == ("pg/shop/public/orders", "pg/shop/public/customer")
    assert (edge.kind, edge.confidence) == ("inferred_key", "inferred")
    assert edge.detail.startswith("orders (customer_id) seems to refer to customer (id): it names that table")


def test_a_guessed_key_breaks_nothing_between_waves_or_objects(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "shop", "public")
    for table in ("customer", "orders"):
        estate.entry("pg", f"shop/public/{table}", "table")
    for table, column in (("customer", "id"), ("orders", "customer_id")):
        estate.fact("column", "pg", f"shop/public/{table}", name=column, position=1, type="integer")
    estate.fact("key", "pg", "shop/public/customer", name="pk", kind="primary", columns=["id"])
    result = build(estate.reader())
    assert [e.kind for e in result.edges] == ["inferred_key"]
    assert all(b.direct == b.total == 0 for b in result.blast)
    assert (result.cut_edges, result.broken_totals) == ((), {})
