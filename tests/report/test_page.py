"""The page as text: policy, self-containment, budgets, escaping; no browser."""

# ruff: noqa: E501 - the large estate is a table of rows
from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
import report_estate
from conftest import canonical_context

from scanner import results
from scanner.report import Context, build_context, render_html, words
from scanner.report.treemap import squarify


class Outline(HTMLParser):
    """Tags, attributes, and rows by table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[int] = []
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.rows.append(0)
        elif tag == "tr":
            self.rows[-1] += 1
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.fixture(scope="session")
def outline(page_text: str) -> Outline:
    return Outline(page_text)


def test_policy_stands_first_and_names_exactly_our_blocks(page_text: str, outline: Outline) -> None:
    head = [t for t, _ in outline.tags]
    assert head[head.index("head") + 1] == "meta"
    policy = next(a["content"] or "" for t, a in outline.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for kind, pattern in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
        blocks = re.findall(pattern, page_text, re.DOTALL)
        assert len(blocks) == 1
        digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy


def test_page_asks_nothing_of_the_network(page_text: str, outline: Outline) -> None:
    for tag, attrs in outline.tags:
        assert "style" not in attrs, f"the policy ignores a style attribute of <{tag}>"
        assert not [a for a in attrs if a.startswith("on")]
        assert "src" not in attrs
        href = attrs.get("href") or "#"
        if tag == "a":
            assert href.startswith(("#", "https://"))
        else:
            assert href.startswith(("#", "data:,")), f"{tag} {href}"
    style = re.findall(r"<style>(.*?)</style>", page_text, re.DOTALL)[0]
    assert "@import" not in style
    assert set(re.findall(r"url\((.)", style)) <= {"#"}


def test_headings_descend_one_step_at_a_time_from_a_single_h1(outline: Outline) -> None:
    assert outline.headings.count(1) == 1
    assert outline.headings[0] == 1
    assert all(below - above <= 1 for above, below in zip(outline.headings, outline.headings[1:], strict=False))


def test_ids_are_unique_and_every_inner_link_leads_somewhere(outline: Outline) -> None:
    ids = [a["id"] for _, a in outline.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    places = set(ids) | {"/operator", "/architect"}
    dead = {a["href"] for t, a in outline.tags if t in ("a", "use") and (a.get("href") or "").startswith("#")}
    assert {d for d in dead if d and d[1:] not in places} == set()


def test_every_table_has_a_caption_and_scoped_headings(outline: Outline) -> None:
    tags = [t for t, _ in outline.tags]
    assert tags.count("caption") == tags.count("table") == len(outline.rows)
    assert all(a.get("scope") in ("col", "row") for t, a in outline.tags if t == "th")


def test_incomplete_run_says_so_and_marks_totals(page_text: str) -> None:
    assert "This report is incomplete." in page_text
    assert "At least 569 objects" in page_text
    assert "INCOMPLETE: figures are lower bounds." in page_text


def test_cut_lists_name_the_exact_total(page_text: str) -> None:
    assert re.search(
        r"<strong>\d+ of \d+</strong> limits shown|<strong>3 of 16</strong> broken references shown", page_text
    )
    assert "7 of 9 places and 6 of 6 ways between them shown" in page_text


def _large() -> Context:
    """40 sources, a million files in 400 folders, 5,000 tables, many faults, stores and edges."""
    reader = report_estate.EstateReader()
    reader.add(
        "scan",
        id=1,
        state="incomplete",
        started=0,
        ended=report_estate.SCANNED,
        version="0.1.0",
        depth="L1",
        title="x",
        config_hash="0",
        exit_code=3,
        targets="[]",
    )
    for n in range(40):
        reader.add(
            "source",
            scan=1,
            name=f"s{n:02}",
            type="smb" if n else "odbc",
            title=f"Source {n}",
            locator="x",
            store_depth=0,
            store_kind="share",
            options="{}",
            limits="{}",
            state="incomplete",
            started=0,
            ended=9,
            requests=1,
            peak_connections=1,
            logins=1,
        )
        reader.found.append(
            results.Store(
                f"s{n:02}",
                f"s{n:02}",
                "",
                "share",
                f"Source {n}",
                None,
                9,
                9,
                9,
                0,
                0,
                None,
                complete=False,
                known=n % 2 == 0,
            )
        )
    reader.db.execute("""INSERT INTO entry BY NAME SELECT 1 AS scan, 's' || lpad((n % 39 + 1)::VARCHAR, 2, '0') AS source,
        's' || lpad((n % 39 + 1)::VARCHAR, 2, '0') AS store, 'folder' || (n % 400) || '/' AS parent, 'file' || n || '.e' || (n % 700) AS name,
        'file' AS kind, n AS size, n * 1000000000 AS modified, 438 AS mode, 'online' AS tier FROM range(1000000) t(n)""")
    reader.db.execute("""INSERT INTO entry BY NAME SELECT 1 AS scan, 's00' AS source, 's00' AS store, 'schema' || (n % 90) || '/' AS parent,
        'table' || n AS name, 'table' AS kind, n AS size, n AS rows FROM range(5000) t(n)""")
    reader.db.execute("""INSERT INTO fault BY NAME SELECT n AS id, 1 AS scan, 's' || lpad((n % 40)::VARCHAR, 2, '0') AS source, 'p' || n AS path, 'list' AS op,
        ['DENIED', 'IO_ERROR', 'TIMEOUT', 'OTHER', 'PARTIAL', 'THROTTLED', 'MOUNT', 'LOOP'][n % 8 + 1] AS reason, '' AS detail FROM range(20000) t(n)""")
    rules = tuple(
        results.RuleInfo(
            f"rule-{n}",
            ("good", "bad", "dark"),
            "high",
            "entries",
            "why",
            "size > 1",
            "fix it",
            "book",
            "M",
            1.0,
            0.1,
            9,
        )
        for n in range(60)
    )
    targets = tuple(
        results.TargetInfo(f"t{n}", f"Target {n}", ("share",), "2026-01-01", (("a", "1", "b", "c", "R"),) * 12)
        for n in range(6)
    )
    verdicts, readiness = [], []
    for n in range(40):
        for t in targets:
            found = tuple(
                results.Finding(f"f-{n}-{t.id}-{k}", "rule-0", t.id, f"s{n:02}", "a/b", 1, (("size", "1"),))
                for k in range(10)
            )
            verdicts += [
                results.Verdict(r.id, t.id, f"s{n:02}", "high", 5, 5, 5, 9, found if r is rules[0] else ())
                for r in rules
            ]
            readiness.append(results.Readiness(f"s{n:02}", t.id, "not_ready", ("one.",), 50.0, 3, (1.0, 9.0), 0))
    assets = tuple(
        results.Asset(
            f"a{n}", "object", "table", f"table{n}", "s00", f"schema{n % 90}/table{n}", "s00", resolved=n % 50 != 0
        )
        for n in range(3000)
    )
    edges = tuple(
        results.Edge(f"e{n}", f"a{n}", f"a{(n * 7 + 1) % 3000}", "foreign_key", "declared", "x", "y")
        for n in range(3000)
    )
    waves = tuple(
        results.Wave(n + 1, tuple(results.WaveMember(f"a{k}", "because") for k in range(n * 50, n * 50 + 50)), (), ())
        for n in range(60)
    )
    graph = results.GraphResult(
        assets,
        edges,
        (),
        waves,
        tuple(e.id for e in edges[:500]),
        tuple(results.Blast(a.id, 1, 2, ()) for a in assets),
        (),
        {a.id: (n % 9 / 9, n / 3000) for n, a in enumerate(assets)},
        {},
    )
    return build_context(
        reader,
        results.Judgement(rules, targets, tuple(verdicts), tuple(readiness), "m"),
        graph,
        generated_at=report_estate.NOW,
        version="0.1.0",
        title="Large",
    )


@pytest.fixture(scope="session")
def large_text() -> str:
    return render_html(_large())


def test_a_large_estate_keeps_every_budget(large_text: str) -> None:
    outline = Outline(large_text)
    assert sum(outline.rows) <= 1_000
    assert max(outline.rows) <= 201, "200 and the heading"
    assert len(large_text.encode()) <= 5_000_000
    nodes = [a for t, a in outline.tags if t == "g" and (a.get("class") or "").startswith("node")]
    edges = [a for t, a in outline.tags if t == "path" and "data-from" in a]
    assert 0 < len(nodes) <= 60
    assert 0 < len(edges) <= 110
    assert "3,000 dependencies" in large_text
    assert re.search(rf"{len(nodes)} of [\d,]+ places and {len(edges)} of [\d,]+ ways between them shown", large_text)
    ids = [a["id"] for _, a in outline.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_empty_estate_renders(context: Context) -> None:
    empty = results.GraphResult((), (), (), (), (), (), (), {}, {})
    nothing = build_context(
        report_estate.EstateReader(), results.Judgement((), (), (), (), "rule-hours 1"), empty,
        generated_at=report_estate.NOW, version="0", title="Nothing",
    )  # fmt: skip
    assert "There is nothing to schedule" in render_html(nothing)


def test_templates_fail_loudly_on_what_the_context_lacks(context: Context) -> None:
    from dataclasses import replace  # noqa: PLC0415

    with pytest.raises(Exception, match="confidence"):
        render_html(replace(context, coverage={k: v for k, v in context.coverage.items() if k != "confidence"}))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org/a", "https://example.org/a"), ("#/summary", "#/summary"), ("javascript:alert(1)", "#"),
        (" JaVaScRiPt:alert(1)", "#"), ("data:text/html,x", "#"), ("//evil.example", "#"), ("http://[", "#"),
    ],
)  # fmt: skip
def test_only_known_schemes_become_addresses(text: str, address: str) -> None:
    assert words.href(text) == address


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (words.number(1234567), "1,234,567"), (words.number(None), "unknown"), (words.size(0), "0\u00a0B"),
        (words.size(1023), "1,023\u00a0B"), (words.size(1024), "1.00\u00a0KiB"), (words.size(2**40 - 1), "1.00\u00a0TiB"),
        (words.size(None), "unknown"), (words.date(1_529_668_800_000_000), "22 June 2018"),
        (words.date(2**62), "a date out of range"), (words.percent(99.9), "99.9\u00a0%"), (words.percent(100.0), "100\u00a0%"),
        (words.part(0.0, 5), "<\u00a00.1\u00a0%"), (words.plural(1, "store"), "1 store"), (words.plural(0, "store"), "0 stores"),
        (words.effort((2.0, None)), "at least 2\u00a0h"), (words.effort((2.2, 18.1)), "2\u201319\u00a0h"),
        (words.clip("abcdefghij", 5), "ab\u2026ij"), (words.isodate("2018-06-22"), "22 June 2018"), (words.isodate("soon"), "soon"),
        (words.visible("a\u202eb\x1b[2Jc"), "a\\u202eb\\x1b[2Jc"),
    ],
)  # fmt: skip
def test_words(found: str, said: str) -> None:
    assert found == said


def test_treemap_areas_are_the_values_and_fill_the_box() -> None:
    values = [60.0, 30.0, 9.0, 0.9, 0.1]
    boxes = squarify(values, (0, 0, 400, 100))
    assert sum(w * h for _, _, w, h in boxes) == pytest.approx(40_000)
    for value, (x, y, w, h) in zip(values, boxes, strict=True):
        assert w * h == pytest.approx(value * 400)
        assert x >= 0
        assert y >= 0
        assert x + w <= 400.001
        assert y + h <= 100.001
    for n, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[n + 1 :]:
            assert min(x + w, x2 + w2) - max(x, x2) < 1e-6 or min(y + h, y2 + h2) - max(y, y2) < 1e-6


def test_treemap_of_nothing_draws_nothing() -> None:
    assert squarify([], (0, 0, 10, 10)) == []
    assert squarify([0.0], (0, 0, 10, 10)) == [(0, 0, 0.0, 0.0)]


def test_a_figure_of_the_page_stands_in_the_result(context: Context, page_text: str) -> None:
    again = canonical_context()
    assert render_html(again) == page_text
    assert words.size(context.inventory["bytes"]) in page_text
