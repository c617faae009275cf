"""The page in a real browser: hostile names, no network, no script, accessibility, paper."""

from __future__ import annotations

import dataclasses
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from scanner.report import Context, render_html

pytestmark = pytest.mark.browser

PAGES = ("summary", "sources", "inventory", "readiness", "dependencies", "waves", "security", "changes", "evidence")
PAYLOADS = (
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "\"'><svg onload=window.hit=1>",
    "javascript:window.hit=1//",
    "{{ ''.__class__.__mro__ }}{% raw %}",
    "</style><style>@import url(http://127.0.0.1:9/x)</style>",
    "<!--<base href=http://127.0.0.1:9/><meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>",
    "\u202egpj.exe\u2028\u2029\x00\x1b[2J\ud800",
    'https://127.0.0.1:9/" onmouseover="window.hit=1',
    "</title></textarea></svg></math><iframe srcdoc='<script>parent.hit=1</script>'>",
)  # fmt: skip


class Watched:
    """A page with everything it asked for and complained of."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(**{"offline": True, **options})
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.said.append(m.text))
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("dialog", lambda d: self.said.append("dialog " + d.message))
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.log('violation ' + e.violatedDirective))"
        )
        self.page.goto(url)

    def go(self, place: str) -> None:
        self.page.evaluate("place => { location.hash = place }", place)
        self.page.wait_for_function(
            "place => document.querySelector('nav.pages a[aria-current]')?.getAttribute('href') === place", arg=place
        )


def poisoned(value: Any, name: str = "") -> Any:
    """The same value with a payload in every text; one text always gets the same, so that ids still meet."""
    if isinstance(value, str):
        return value if name in _ENUMS else value + PAYLOADS[zlib.crc32(value.encode()) % len(PAYLOADS)]
    if isinstance(value, dict):
        return {
            poisoned(k) if name in _BY_ID else k: poisoned(v, "" if name in _BY_ID else k) for k, v in value.items()
        }
    if isinstance(value, (tuple, list)):
        return type(value)(poisoned(v, name) for v in value)
    return value


_ENUMS = frozenset({"state", "severity", "effort", "confidence", "group", "level", "status", "tier"})
"""Fields whose few values our own code declares and templates branch on."""
_BY_ID = frozenset({"best", "positions", "load_order", "exclusions", "methods"})
"""Tables keyed by what a source names."""


def hostile(context: Context) -> Context:
    fields = {f.name: getattr(context, f.name) for f in dataclasses.fields(context)}
    kept = ("schema", "schema_version")
    return dataclasses.replace(context, **{n: v if n in kept else poisoned(v, n) for n, v in fields.items()})


def test_hostile_names_in_every_field_run_nothing_and_ask_nothing(
    browser: Browser, context: Context, write_page: Callable[[str], str]
) -> None:
    text = render_html(hostile(context))
    assert text.count("&lt;img src=x") > 20, "the payloads are on the page"
    watched = Watched(browser, write_page(text))
    for page in PAGES:
        watched.go("#/" + page)
        watched.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        watched.page.mouse.move(400, 400)
    watched.page.wait_for_timeout(200)
    assert watched.page.evaluate("window.hit === undefined")
    assert watched.said == []
    assert [r for r in watched.requests if not r.startswith("file:")] == []
    assert (
        watched.page.evaluate(
            "document.querySelectorAll('iframe, img, base, object, embed, link[rel=stylesheet]').length"
        )
        == 0
    )
    assert watched.page.evaluate("document.scripts.length") == 3
    assert watched.page.evaluate("document.querySelectorAll('style').length") == 1
    assert (
        watched.page.evaluate("JSON.parse(document.getElementById('result').textContent).schema") == "stocktake/result"
    )
    assert "\\u202egpj.exe" in watched.page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_without_a_request_or_a_complaint(browser: Browser, page_url: str, scheme: str) -> None:
    watched = Watched(browser, page_url, color_scheme=scheme)
    for page in PAGES:
        watched.go("#/" + page)
        shown = watched.page.evaluate(
            "[...document.querySelectorAll('section.page')].filter(s => s.offsetHeight).map(s => s.id)"
        )
        assert shown == ["/" + page]
        assert watched.page.title().lower().startswith(page)
    assert watched.said == []
    assert len(watched.requests) == 1


def test_without_javascript_every_page_can_be_read(browser: Browser, page_url: str) -> None:
    page = Watched(browser, page_url, java_script_enabled=False).page
    assert page.locator("section.page:visible").count() == len(PAGES)
    for name in PAGES:
        assert page.locator(f"nav.pages a[href='#/{name}']").is_visible()
    assert page.locator("svg.treemap:visible, svg.deps:visible, svg.timeline:visible").count() == 3
    assert page.locator("input, button").count() == 0, "controls that would do nothing are absent"


@pytest.mark.parametrize(("way", "page"), [("operator", "sources"), ("architect", "summary"), ("security", "security")])
def test_three_ways_in(browser: Browser, page_url: str, way: str, page: str) -> None:
    watched = Watched(browser, f"{page_url}#/{way}")
    assert watched.page.locator("section.page.current").get_attribute("id") == "/" + page


def test_a_link_to_a_finding_opens_what_hides_it(browser: Browser, page_url: str, context: Context) -> None:
    finding = context.readiness["findings"][0]["id"]
    watched = Watched(browser, f"{page_url}#/f/{finding}")
    assert watched.page.locator(f"[id='/f/{finding}']").is_visible()
    assert watched.page.locator("section.page.current").get_attribute("id") == "/readiness"


def test_filter_counts_aloud_and_is_kept_in_the_address(browser: Browser, page_url: str) -> None:
    watched = Watched(browser, f"{page_url}#/dependencies")
    watched.page.get_by_label("Filter rows of Dependencies with their evidence").fill("foreign claim")
    watched.page.wait_for_function("() => location.hash.includes('t-edges')")
    shown = watched.page.locator("#t-edges tbody tr:visible").count()
    assert 0 < shown < 21
    assert watched.page.locator(".filter output", has_text=f"{shown} of 21 rows").is_visible()
    again = Watched(browser, watched.page.url)
    assert again.page.locator("#t-edges tbody tr:visible").count() == shown


def test_sorting_by_bytes_uses_exact_values(browser: Browser, page_url: str, context: Context) -> None:
    watched = Watched(browser, f"{page_url}#/sources")
    watched.page.get_by_role("button", name="Objects").first.click()
    order = watched.page.locator("#t-sources tbody tr").evaluate_all(
        "rows => rows.map(r => Number(r.cells[4].dataset.v))"
    )
    assert order == sorted(order, reverse=True)
    assert watched.page.locator("#t-sources th[aria-sort=descending]").inner_text().startswith("Objects")


def test_theme_can_be_chosen_and_stays(browser: Browser, page_url: str) -> None:
    watched = Watched(browser, page_url, color_scheme="light")
    watched.page.get_by_role("button", name="Switch to dark colours").click()
    assert "theme=dark" in watched.page.url
    watched.page.locator("nav.pages a[data-page=waves]").click()
    watched.page.wait_for_function("() => location.hash.includes('waves')")
    assert "theme=dark" in watched.page.url
    assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 28)"


def test_a_place_of_the_map_opens_its_neighbours_by_keyboard_and_tells_the_evidence(
    browser: Browser, page_url: str
) -> None:
    watched = Watched(browser, f"{page_url}#/dependencies")
    place = watched.page.locator("#estate-map .node[data-id='finance-share']")
    place.focus()
    assert watched.page.locator("#estate-map .edge.near").count() == 3
    watched.page.keyboard.press("Enter")
    assert "at=finance-share" in watched.page.url
    assert watched.page.locator("#explore output").inner_text() == "4 of 26 assets and 3 dependencies shown"
    assert watched.page.locator("#explore .node.focus .name").text_content() == "Finance share"
    watched.page.get_by_role("button", name="Finance share → payroll: 1 connects").press("Enter")
    panel = watched.page.locator("#explore .panel").inner_text()
    assert "connects, parsed: Budget/pay.udl:2, Budget/Overtime 2016.xlsx (xl/connections.xml)" in panel
    assert "Password=***" in panel
    watched.page.locator("#explore .node", has_text="payroll").press("Enter")
    assert watched.page.locator("#explore .node.focus .name").text_content() == "payroll"
    assert watched.said == []


def test_neighbours_are_taken_by_steps_direction_evidence_and_kind(browser: Browser, page_url: str) -> None:
    watched = Watched(browser, f"{page_url}#/dependencies?at=case-db/cases/public/claim&steps=2")
    page = watched.page
    shown = page.locator("#explore output")
    assert page.locator("#explore").get_by_label("Steps").input_value() == "2"
    assert shown.inner_text() == "9 of 26 assets and 10 dependencies shown"
    page.locator("#explore").get_by_label("Direction").select_option("on")
    assert shown.inner_text() == "4 of 26 assets and 4 dependencies shown"
    page.locator("#explore").get_by_label("Direction").select_option("by")
    page.locator("#explore").get_by_label("Evidence").select_option("declared")
    assert page.locator("#explore .node", has_text="v_open_claims").count() == 0
    page.locator("#explore").get_by_label("Evidence").select_option("")
    page.locator("#explore").get_by_label("Kind").select_option("view")
    assert page.locator("#explore .node .name").all_text_contents() == ["v_open_claims", "claim"]
    page.get_by_label("Start at").fill("post")
    assert page.locator("#explore .node.focus .name").text_content() == "post"
    again = Watched(browser, page.url)
    assert again.page.locator("#explore .node.focus .name").text_content() == "post"
    assert watched.said == again.said == []


def test_result_can_be_saved_from_the_page(browser: Browser, page_url: str, tmp_path: Path) -> None:
    watched = Watched(browser, f"{page_url}#/evidence", accept_downloads=True)
    with watched.page.expect_download() as saved:
        watched.page.get_by_role("button", name="Save this result as JSON").click()
    saved.value.save_as(tmp_path / "r.json")
    assert (tmp_path / "r.json").read_text().startswith('{"changes":')
    assert watched.said == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_page_reflows_without_scrolling_sideways(browser: Browser, page_url: str, width: int) -> None:
    watched = Watched(browser, page_url, viewport={"width": width, "height": 800})
    for page in PAGES:
        watched.go("#/" + page)
        watched.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, page


@pytest.mark.parametrize("script", [True, False])
def test_print_is_light_opened_and_short(browser: Browser, page_url: str, tmp_path: Path, script: bool) -> None:
    watched = Watched(browser, f"{page_url}#/waves", color_scheme="dark", java_script_enabled=script)
    watched.page.emulate_media(media="print", color_scheme="dark")
    path = tmp_path / "report.pdf"
    watched.page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    pages = int(next(line for line in told.splitlines() if line.startswith("Pages:")).split()[1])
    assert 8 <= pages <= 25
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    assert text.count("INCOMPLETE: figures are lower bounds") == pages, "the trust strip's short form on every page"
    for words in ("Key facts", "Source by source", "Where the bytes are", "Formula", "Why each asset sits in its wave"):
        assert words in text


def test_forced_colours_and_reduced_motion_keep_the_page_readable(browser: Browser, page_url: str) -> None:
    watched = Watched(browser, page_url, forced_colors="active", reduced_motion="reduce")
    assert watched.page.locator(".part.ready").first.is_visible()
    assert watched.page.evaluate("getComputedStyle(document.querySelector('.part.ready')).forcedColorAdjust") == "none"
