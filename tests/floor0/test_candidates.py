"""Which columns' values may be looked at: those that may be keys, and no others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scanner.keys.candidates import Described, by_table, candidates, things
from scanner.keys.sketches import Sketch, compared, contained, sketch

KNOWN = things(["customers", "tbl_orders", "country"])
KEY = b"k"


def chosen(name: str, kind: str = "integer", *, length: int | None = None, declared: tuple[str, ...] = ()) -> bool:
    return bool(candidates([Described(name, kind, length)], declared, KNOWN))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("id", "bigint"), ("customer_id", "integer"), ("CustomerID", "uuid"), ("custid", "integer"),
        ("dept_code", "varchar(10)"), ("order_no", "char(12)"), ("fk_region", "integer"), ("customer", "integer"),
        ("billing_customer", "integer"), ("country", "char(2)"), ("parent", "integer"), ("created_by", "integer"),
        ("customer_id", "numeric(10,0)"), ("customer_id", "binary(16)"), ("phone_id", "integer"),
        ("customer_id", "text"),
    ],
)  # fmt: skip
def test_columns_that_may_be_keys_are_looked_at(name: str, kind: str) -> None:
    assert chosen(name, kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", "varchar(60)"), ("surname", "varchar(40)"), ("notes", "text"), ("amount", "integer"),
        ("born", "date"), ("customer_id", "varchar(200)"), ("customer_id", "numeric(10,2)"), ("postcode", "varchar(8)"),
        ("phone_no", "varchar(20)"), ("ni_number", "varchar(9)"), ("phone_number", "bigint"),
        ("passport_no", "char(9)"),
        ("password_ref", "varchar(20)"), ("created_by", "varchar(30)"), ("customer_id", "blob"), ("", "integer"),
    ],
)  # fmt: skip
def test_others_are_not(name: str, kind: str) -> None:
    assert not chosen(name, kind)


def test_a_declared_key_is_looked_at_whatever_it_is_called_but_for_its_type() -> None:
    assert chosen("email", "varchar(60)", declared=("EMAIL",))
    assert not chosen("email", "varchar(200)", declared=("email",))
    assert not chosen("born", "date", declared=("born",))


def test_declared_keys_come_first() -> None:
    columns = [Described("customer_id", "integer"), Described("made", "integer"), Described("tag", "uuid")]
    assert [c.name for c in candidates(columns, {"tag"}, KNOWN)] == ["tag", "customer_id"]
    tables = [("orders", c) for c in columns] + [("log", Described("line", "varchar(20)"))]
    assert [(name, len(found)) for name, found in by_table(tables, {"orders": {"tag"}}, ["orders", "log"])] == [
        ("orders", 2)
    ]


def test_a_number_is_the_same_however_a_driver_gives_it() -> None:
    plain = sketch([1, 2, 300], KEY)
    assert sketch([Decimal(1), Decimal("2.00"), 3e2], KEY) == plain
    assert sketch(["1", "2 ", "300"], KEY).hashes == plain.hashes
    assert sketch([Decimal("NaN"), Decimal("1e999999"), Decimal("1.5")], KEY).distinct == 3


def test_another_key_gives_other_hashes() -> None:
    assert not set(sketch(range(500), b"a").hashes) & set(sketch(range(500), b"b").hashes)


def test_what_was_compared_is_told_as_far_as_it_was_looked_at() -> None:
    few, many = sketch(range(0, 500, 5), KEY), sketch(range(5000), KEY)
    assert compared(few, sketch(range(500), KEY)) == "values: 100 of 100 contained"
    assert compared(sketch(range(200), KEY), sketch(range(100), KEY)) == "values: 100 of 200 contained"
    told = compared(many, sketch(range(5000), KEY))
    assert told == "values: about 5,000 of 5,000 contained, as 1,024 of them tell"
    assert compared(few, Sketch(9, 0, 9, (1,), complete=False)) == "", "what was not read may hold the rest"
    first = sketch(range(100), KEY, complete=False)
    assert compared(first, sketch(range(500), KEY)) == "values: 100 of 100 of its first 100 rows contained"
    assert contained(sketch([], KEY), many) is None
