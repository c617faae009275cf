"""Streams: results on stdout, all else on stderr, JSON that is JSON, and nothing that would rewrite a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from cli_command import COMMAND, clean_environment

from scanner.cli.app import app

Here = Callable[..., Any]
Estate = Callable[..., Path]
ACTING = "\x1b\x07\x08\x9b\r\x7f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\x85"
"""Characters that act on a terminal or on the order of text."""


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of ``stocktake --help``, by its words."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = sorted(commands())
ARGUMENTS = {
    ("query",): ["SELECT kind FROM entry"], ("explain",): ["DENIED"], ("connectors", "describe"): ["file"],
    ("trust", "add"): ["files", "--fingerprint", "SHA256:x"], ("demo",): ["demo"], ("init",): ["-o", "new.toml"],
    ("report",): ["-o", "report.html"],
}  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_helps_and_takes_catalog_and_json_behind_its_name(here: Here, words: tuple[str, ...]) -> None:
    done = here(*words, "--help")
    assert done.code == 0
    assert f"Usage: stocktake {' '.join(words)}" in done.out
    assert "--catalog" in done.out
    assert "--json" in done.out
    assert done.err == ""


@pytest.mark.parametrize("words", [w for w in COMMANDS if w != ("demo",)], ids=" ".join)
def test_json_is_ndjson_that_ends_with_the_exit_also_after_a_failure(
    here: Here, estate: Estate, tree: Path, words: tuple[str, ...]
) -> None:
    source = {"name": "files", "type": "file", "root": str(tree)}
    estate(source)
    assert here("scan", "-q").code == 0
    arguments = [*words, *ARGUMENTS.get(words, []), "--json", "--catalog", "stocktake-catalog"]
    good = here(*arguments)
    rows = good.records
    if words == ("query",):
        assert good.code == 0
        assert all(set(row) == {"kind"} for row in rows)
        assert len(rows) == 8
    else:
        assert (rows[-1]["type"], rows[-1]["code"]) == ("exit", good.code)
        assert [r["type"] for r in rows].count("exit") == 1
    for wrong in (
        [*words, "--no-such-option", "--json"],
        [*words, "a", "b", "c", "--json", "--catalog", "/dev/null/x"],
    ):
        bad = here(*wrong)
        assert bad.code == 2 or bad.code in {0, 10}, bad.err
        if bad.code:
            assert bad.records[-1]["type"] == "exit"
            assert bad.records[-1]["code"] == bad.code
            assert bad.error()["effect"]
        assert "INTERNAL" not in bad.out


def test_query_says_in_json_whatever_sql_can_say(here: Here, tree: Path) -> None:
    here("scan", str(tree), "-q")
    sql = """SELECT 'nan'::DOUBLE n, '-inf'::FLOAT i, 1 a, 2 a, MAP {1: 2} m, '\\xFF'::BLOB b, [1, NULL] l,
        {'k': 'v'} s, DATE '2020-01-02' d, 12345678901234567890123456789012345678::HUGEINT h, 1.50::DECIMAL(4, 2) c,
        NULL u"""
    row = here("query", sql, "--json").records[0]
    assert row["n"] is None
    assert row["i"] is None
    assert (row["a"], row["a_1"], row["m"], row["b"], row["l"]) == (1, 2, {"1": 2}, "ff", [1, None])
    assert (row["s"], row["d"], row["c"], row["u"]) == ({"k": "v"}, "2020-01-02", "1.50", None)
    assert row["h"] == 12345678901234567890123456789012345678
    for wrong in ("DROP TABLE source", "SELECT 1; SELECT 2", "", "SELECT CAST(path AS INT) FROM entry",
                  "SELECT * FROM read_csv('/etc/passwd')", "COPY entry TO '/tmp/x'", "SELECT '",
                  "ATTACH '/tmp/x.db'"):  # fmt: skip
        done = here("query", wrong, "--json")
        assert done.code == 2, wrong
        assert done.records[-1]["code"] == 2


def test_fault_007_hostile_names_do_not_reach_the_terminal(here: Here, estate: Estate, tree: Path) -> None:
    (tree / "denied\x1b]0;owned\x07").mkdir()
    estate(
        {"name": "so\nur\x1b[31mce\u202e", "type": "file", "root": str(tree), "exclude": ["*denied*"],
         "owner": "ow\x1bner", "title": "ti\ntle"},
        {"name": "gone\x1b[2J", "type": "file", "root": "/no\x1b[31m/such\nplace"},
        top='title = "a\\u001b[31m title"',
    )  # fmt: skip
    outputs = [
        here("scan"), here("scan", "--progress", "plain"), here("status"), here("runs"), here("errors"), here("plan"),
        here("config", "show"), here("config", "validate"), here("test"), here("resume"),
        here("query", "SELECT path, source FROM entry"), here("query", "SELECT 'a\x1b[31mb'"),
        here("scan", "no\x1bsuch"), here("report", "--target", "x\x1b[31m"), here("explain", "\x1b[2J"),
    ]  # fmt: skip
    for done in outputs:
        assert not set(ACTING) & set(done.out + done.err), done
    shown = outputs[10].out
    assert "esc\\x1b[31mred" in shown
    assert "line\\nfeed" in shown
    assert "caf\\xE9" in shown
    names = sum("tree" not in line for line in shown.splitlines())
    assert names >= 9, "each name takes one line"


def test_no_color_and_a_pipe_give_plain_text(stocktake: Any, tree: Path) -> None:
    for arguments, environment in (([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}), (["--no-color"], {}), ([], {})):
        done = stocktake("scan", str(tree), "--catalog", "c", *arguments, **environment)
        assert done.code == 0
        colours = [part for part in (done.out + done.err).split("\x1b[")[1:] if part[0] in "34" and part[1:3] != "m"]
        assert not colours


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_any_locale_can_say_any_name(stocktake: Any, tmp_path: Path, locale: dict[str, str]) -> None:
    (tmp_path / "caf\u00e9").mkdir()
    (tmp_path / "caf\u00e9" / "\U0001f600 snow \u2603").touch()
    done = stocktake("scan", "./caf\u00e9", "--catalog", "c", **locale)
    assert done.code == 0, done.err
    rows = stocktake("query", "SELECT path FROM entry", "--json", "--catalog", "c", **locale)
    assert rows.records == [{"path": "\U0001f600 snow \u2603"}]
    report = stocktake("report", "--format", "json", "--catalog", "c", **locale)
    assert json.loads(report.out)
    assert stocktake("query", "SELECT path FROM entry", "--catalog", "c", **locale).code == 0


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("{st} query 'SELECT * FROM range(300000)' --json | head -1", '{{"range": 0}}'),
        ("{st} query 'SELECT * FROM range(9000)' | head -1", "range"),
        ("{st} runs | true", ""),
        ("{st} runs --json 2>&1 | true", ""),
        ("{st} explain codes 2>&1 | head -1", "Code"),
        ("{st} report --format json | head -c 1", "{{"),
        ("{st} scan tree --json | true", ""),
        ("{st} runs >&-", ""),
        ("{st} runs 2>&-", "Run"),
        ("{st} runs --json <&- >&- 2>&-", ""),
    ],
)
def test_reader_that_goes_away_is_nothing_to_complain_of(
    here: Here, tree: Path, stocktake: Any, line: str, first: str
) -> None:
    here("scan", str(tree), "-q")
    command = f"{COMMAND[0]} -c '{COMMAND[2]}'"
    done = subprocess.run(
        ["bash", "-c", line.format(st=command) + "; exit ${PIPESTATUS[0]}"], capture_output=True, text=True,
        check=False, cwd=stocktake.folder, env=clean_environment(), timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(first.format())
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception" not in done.stderr


def test_output_that_cannot_be_written_is_told(stocktake: Any, here: Here, tree: Path) -> None:
    here("scan", str(tree), "-q")
    for arguments in (["runs"], ["runs", "--json"], ["report", "--format", "json"]):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                cwd=stocktake.folder, env=clean_environment(), timeout=60,
            )  # fmt: skip
        assert done.returncode == 15
        assert "standard output" in done.stderr
        assert "Traceback" not in done.stderr


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_terminal_gets_a_live_table_that_goes_away(here: Here, estate: Estate, tmp_path: Path) -> None:
    for n in range(60):
        (tmp_path / "wide" / f"d\x1b[2J{n}").mkdir(parents=True)
    estate({"name": "wide", "type": "file", "root": str(tmp_path / "wide"), "requests_per_s": 40})
    ours, theirs = pty.openpty()
    scan = subprocess.Popen(
        [*COMMAND, "scan"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, start_new_session=True,
        env=clean_environment(TERM="xterm-256color", COLUMNS="120", LINES="40"),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while piece := _read(ours):
            shown += piece
            if b"Done/found" in shown and b"now in" not in shown:
                os.kill(scan.pid, signal.SIGUSR1)
    finally:
        if scan.poll() is None and b"Next: " not in shown:
            os.killpg(scan.pid, signal.SIGKILL)
    os.close(ours)
    assert scan.wait(30) == 0, shown
    assert shown.count(b"Done/found") > 1, "the table is drawn anew"
    assert b"now in" in shown
    assert b"\x1b[2J" not in shown, "a name must not act on the terminal"
    assert shown.count(b"Run 1: complete") == 1


def test_nothing_said_and_groups_show_help(stocktake: Any, here: Here) -> None:
    for words in ([], ["config"], ["audit"]):
        done = here(*words)
        assert done.code == 2
        assert "Usage: stocktake" in done.err
        assert "Commands:" in done.err
    version = stocktake("--version")
    assert (version.code, version.out.split()[0]) == (0, "stocktake")
