"""What several readers of one file could quote is quoted once; examples and ports are told from names and secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.references import filled, values_of
from scanner.extractors.quoting import quoted
from scanner.locators import variables, without_secrets
from tests.extractors.reading import quotes

HOME = Path(__file__).parents[2] / "examples" / "files"


def test_a_connection_string_over_several_lines_is_told_once_by_status() -> None:
    text = filled((HOME / "Intranet" / "staff" / "web.config").read_text(encoding="utf-8"), values_of(1, 2, HOME))
    found = [m.status for m in quotes("p/web.config", text) if m.kind == "connection_string"]
    assert sorted(found) == ["active", "commented", "placeholder"]


def test_a_component_without_ports_goes_the_way_its_class_says() -> None:
    text = (HOME / "Cases" / "ETL" / "NightlyCases.dtsx").read_text(encoding="utf-8")
    cut = "".join(line for line in text.splitlines(True) if "<input" not in line and "<output" not in line)
    actions = {m.locator: m.action for m in quotes("p/load.dtsx", cut) if m.kind == "table"}
    assert actions == {'"finance"."invoice"': "reads", "[dbo].[Journal]": "writes"}


def test_a_table_named_like_an_example_is_no_example() -> None:
    for name in ("[dbo].[User]", "[Server Log]", "[Database]"):
        made = quoted(name, origin="x", kind="table", via="Erp")
        assert made is not None
        assert made.status == "active"
    for name in ("<table>", "changeme"):
        made = quoted(name, origin="x", kind="table")
        assert made is not None
        assert made.status == "placeholder"


def test_an_address_in_brackets_behind_a_login_is_no_variable() -> None:
    assert variables("postgres://u:x@[2001:db8::7]:5432/x") == ()
    assert variables("@[User::X] @[$Project::Server]") == ("@[User::X]", "@[$Project::Server]")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("ftp://u:12/canary@ftp4.corp.local/in", "ftp://u:***@ftp4.corp.local/in"),
        ("sftp://feed:9/canary@h/in", "sftp://feed:***@h/in"),
        ("https://u:/canary@host", "https://u:***@host"),
        ("ftp://first.last:canary/more@host", "ftp://first.last:***@host"),
        ("https://h:8443/canary@y", "https://h:8443/***@y"),
        ("https://a.b:12/canary@host/p", "https://a.b:12/***@host/p"),
        ("https://h.corp.local:443/users/a@b.corp", "https://h.corp.local:443/***@b.corp"),
        ("https://registry.corp.local:8080/@scope/pkg", "https://registry.corp.local:8080/@scope/pkg"),
    ],
)
def test_a_password_that_begins_like_a_port_is_cut_and_a_host_stays(url: str, kept: str) -> None:
    assert without_secrets(url) == kept
