"""The context as one self-contained page: sandboxed Jinja, all escaped, a policy that allows our own blocks alone."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from scanner.report import words
from scanner.report.context import Context, to_json
from scanner.report.explore import explore
from scanner.report.view import build_view

EMBED_LIMIT = 2_000_000
"""Largest result, in characters, that travels inside the page; a larger one stands beside it as its own file."""


def render_html(context: Context) -> str:
    """The whole report as one HTML document that asks nothing of the network; the same context gives the same text."""
    env = _environment()
    style, script = _block("style.css") + _page_margins(context), _block("script.js")
    data = embeddable(to_json(context, indent=None))
    return env.get_template("report.html.j2").render(
        c=context,
        v=build_view(context),
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        graph=Markup(_json(explore(context.graph))),  # noqa: S704 - escaped by embeddable
        data=Markup(data) if len(data) <= EMBED_LIMIT else Markup(""),  # noqa: S704 - escaped by embeddable
    )


def _json(value: object) -> str:
    return embeddable(json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")))


def embeddable(text: str) -> str:
    """JSON that cannot end its own script element; ASCII already, so line separators are escaped too."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _finalize(value: object) -> object:
    """Every value on its way into the page: text loses what would hide or reorder it; None is said in a word."""
    if value is None:
        return words.UNKNOWN
    return words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_FILTERS = (
    "number", "size", "percent", "date", "moment", "age", "duration", "hours", "effort", "plural", "clip", "sentence",
    "isodate", "part", "period", "href", "slug", "spaced",
)  # fmt: skip


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        loader=PackageLoader("report_templates", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {name: getattr(words, name) for name in _FILTERS}
    return env


@cache
def _block(name: str) -> str:
    return resources.files("report_templates").joinpath(name).read_text("utf-8")


def _page_margins(context: Context) -> str:
    """The trust strip's short form at the foot of every printed page; only characters that are safe in a CSS string."""
    run = context.run
    seen = words.percent(context.coverage["percent"])
    said = f"Stocktake {run['version']}, run {run['id']}, {words.date(run['generated'])}; coverage {seen}"
    if not context.coverage["complete"]:
        said = "INCOMPLETE: figures are lower bounds. " + said
    safe = "".join(c for c in said.replace(words.NBSP, " ") if c.isascii() and (c.isalnum() or c in " .,:;%+-"))
    return f'\n@page {{ @bottom-left {{ content: "{safe}"; }} }}\n'


def _policy(style: str, script: str) -> str:
    """The content security policy: nothing but the two blocks we inlined, each by its hash."""

    def digest(block: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; script-src {digest(script)}; style-src {digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
