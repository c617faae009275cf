"""Catalog to context to page: everything here reads, nothing touches a source."""

from scanner.report.context import Context, build_context, to_json
from scanner.report.page import render_html

__all__ = ["Context", "build_context", "render_html", "to_json"]
