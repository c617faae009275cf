"""The pages are true: nothing generated is stale, links lead somewhere, what they name exists."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from docs_markdown import HOME, anchors, code_of, links, pages, text_of

from docs import changelog
from docs.generate import PAGES
from scanner.cli.app import app
from scanner.codes import CODES, Exit
from scanner.connector import Plug, plugs

TEXTS = ("*.toml", "Makefile", "scanner/**/*.py", "connectors/**/*.py", "docs/**/*.md", "docs/*.py", "*.md")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name."""

    def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
        inside = getattr(command, "commands", None)
        if inside is None:
            yield name, command
            return
        for word in inside:
            yield from walk(inside[word], f"{name} {word}")

    yield from walk(typer.main.get_command(app), "stocktake")


NAMES = {name for name, _ in commands()}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_generated_page_is_stale(name: str) -> None:
    assert text_of(HOME / "docs" / name) == PAGES[name](), f"{name} is stale: make docs"


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(HOME)))
def test_every_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists():
            wrong.append(f"{link}: there is no such file")
        elif not target.is_relative_to(HOME):
            wrong.append(f"{link}: it leads out of the project")
        elif anchor and anchor not in anchors(target):
            wrong.append(f"{link}: the page has no such heading")
    assert not wrong, "\n".join(wrong)


def test_every_page_is_in_the_index() -> None:
    """From docs/README.md, or from the index of its folder."""
    for folder in (HOME / "docs", HOME / "docs" / "adr"):
        index = {link.partition("#")[0] for link in links(folder / "README.md")}
        missing = {p.name for p in folder.glob("*.md")} - index - {"README.md"}
        assert not missing, f"{folder.name}/README.md does not name {sorted(missing)}"


def test_every_command_is_documented_and_has_help() -> None:
    page = text_of(HOME / "docs" / "commands.md")
    assert len(NAMES) > 15
    for name, command in commands():
        assert f"## {name}\n" in page, f"{name} is not in commands.md"
        assert (command.help or "").strip(), f"{name} has no help"
        silent = [p.name for p in command.params if p.param_type_name == "option" and not getattr(p, "help", None)]
        assert not silent, f"{name} has options without help: {silent}"


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(HOME)))
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    """``stocktake word …`` in code is a command, and each ``--option`` behind it is one of that command."""
    known = dict(commands())
    for line in re.findall(r"stocktake (?=[a-z])([^`\n|;]*)", code_of(page)):
        words = line.split("#")[0].split()
        name = next((n for n in (" ".join(["stocktake", *words[:k]]) for k in (2, 1)) if n in known), None)
        assert name, f"there is no command 'stocktake {line}'"
        options = {o for p in known[name].params for o in p.opts}
        used = {w.rstrip(",.:)") for w in words if re.match(r"--[a-z]", w)}
        assert used <= options, f"{name} has no {sorted(used - options)}"


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(HOME)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(HOME / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", code_of(page)))
    assert named <= targets, f"make has no {sorted(named - targets)}"


def test_every_file_that_a_page_names_exists() -> None:
    """A path in code that begins with a folder of the project."""
    folders = "scanner|connectors|tests|docs|examples|benchmarks|report_templates|changelog.d|.ci"
    named = [(p.name, m) for p in pages() for m in re.findall(rf"`((?:{folders})/[\w./-]*)`", text_of(p))]
    assert len(named) > 20
    wrong = [(page, path) for page, path in named if not (HOME / path).exists()]
    assert not wrong, wrong


def test_every_extra_that_the_readme_offers_exists() -> None:
    extras = tomllib.loads(text_of(HOME / "pyproject.toml"))["project"]["optional-dependencies"]
    offered = set(re.findall(r"^\| `([a-z0-9-]+)` \|", text_of(HOME / "README.md"), re.MULTILINE))
    assert offered == set(extras) - {"dev"}  # for contributors
    assert {p.extra for p in plugs().values() if isinstance(p, Plug)} - {""} <= offered


def test_the_exit_codes_that_the_readme_names_are_what_it_says() -> None:
    said = re.search(r"rely on: (.*?)\. All", text_of(HOME / "README.md"), re.DOTALL)
    assert said
    words = {
        Exit.COMPLETE: "complete", Exit.GAPS: "complete with gaps", Exit.CONFIGURATION: "configuration",
        Exit.AUTH: "login refused", Exit.UNREACHABLE: "not reached",
    }  # fmt: skip
    assert " ".join(said[1].split()) == ", ".join(f"{int(code)} {word}" for code, word in words.items())


def test_every_error_code_that_a_page_names_exists() -> None:
    words = set(re.findall(r"(?:explain|--only|--code) ([A-Z][A-Z_]+)", "\n".join(text_of(p) for p in pages())))
    assert words - {"CODE"} <= set(CODES)


def test_every_decision_is_whole_and_numbered_without_gaps() -> None:
    files = sorted(HOME.glob("docs/adr/[0-9]*.md"))
    assert [f.name[:4] for f in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    index = text_of(HOME / "docs" / "adr" / "README.md")
    for file in files:
        text = text_of(file)
        title = text.partition("\n")[0].removeprefix("# ")
        number, _, name = title.partition(": ")
        assert number == file.name[:4]
        assert f"| [{number}]({file.name}) | {name} |" in index, f"{title}: not in the index by that name"
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "What would change our mind"], title


def test_decisions_that_code_refers_to_are_the_ones_meant() -> None:
    for pattern in TEXTS:
        for file in HOME.glob(pattern):
            for number in re.findall(r"docs/adr/(\d{4})", text_of(file)):
                assert list(HOME.glob(f"docs/adr/{number}-*.md")), f"{file}: there is no decision {number}"
    assert re.search(r"paramiko 5 .*docs/adr/0006", text_of(HOME / "pyproject.toml"))
    assert "paramiko" in text_of(next(HOME.glob("docs/adr/0006-*.md")))


@pytest.mark.parametrize("name", ["thing.md", "thing.improved.md", "a.b.added.md"])
def test_a_fragment_says_what_kind_of_change_it_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "FRAGMENTS", tmp_path)
    (tmp_path / name).write_text("Something.")
    with pytest.raises(ValueError, match=re.escape(name)):
        changelog.changelog()


def test_released_sections_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fragments = tmp_path / "changelog.d"
    fragments.mkdir()
    (fragments / "scan-x.fixed.md").write_text("Scan\nx.\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    released = "\n## 0.1.0 - 2027-01-05\n\n### Added\n\n- By hand,   kept.\n"
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.2.0 - unreleased\n\nstale\n" + released)
    monkeypatch.setattr(changelog, "HOME", tmp_path)
    monkeypatch.setattr(changelog, "FRAGMENTS", fragments)
    first = changelog.changelog()
    assert first.endswith("## 0.2.0 - unreleased\n\n### Fixed\n\n- Scan x.\n" + released)
    (tmp_path / "CHANGELOG.md").write_text(first)
    assert changelog.changelog() == first


def test_no_page_speaks_of_the_machine_it_was_written_on() -> None:
    for page in pages():
        assert not re.search(r"/work/|/root/|/tmp/|/home/\w", text_of(page)), page
