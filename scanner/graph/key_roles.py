"""Words in the names of columns that say what part the row plays that they refer to, or that it is none of ours."""

from __future__ import annotations

ELSEWHERE = frozenset(
    {"external", "extern", "ext", "legacy", "remote", "foreign", "third", "vendor", "import", "imported", "sap", "crm",
     "stripe", "paypal", "xero", "salesforce", "google", "facebook", "azure", "sharepoint", "dynamics", "oracle"}
)  # fmt: skip
"""Words that say an identifier is another system's, whatever thing it identifies."""
ATTRIBUTES = frozenset(
    {"line", "row", "seq", "sequence", "version", "page", "phone", "house", "serial", "batch", "sort", "order", "item",
     "zip", "postal", "post", "area", "status", "type", "error", "bar", "color", "colour", "level", "step", "floor"}
)  # fmt: skip
"""Words of identifiers that many tables have of their own, each for its own purpose."""
WELL_KNOWN = frozenset(
    {"isbn", "issn", "ean", "sku", "upc", "vin", "uprn", "usrn", "toid", "gtin", "imo", "mmsi", "lei", "iata", "icao"}
)
"""Identifiers that are called by one word, which does not say that it is one."""
PEOPLE = ("employee", "staff", "worker", "officer", "personnel", "user", "account", "login", "person", "member")
ACCOUNTS = ("user", "account", "login", "usr")
WORKERS, USERS = PEOPLE[:5], (*ACCOUNTS, *PEOPLE[:5], "member")
AT_WORK = frozenset(
    {"manager", "mgr", "supervisor", "boss", "rep", "representative", "agent", "officer", "clerk", "approver",
     "assignee", "handler", "caseworker", "reviewer", "inspector", "surveyor", "technician", "engineer",
     "salesperson", "seller", "cashier", "salesman", "operator", "assessor", "auditor", "driver", "teacher",
     "worker", "foreman"}
)  # fmt: skip
AT_A_SCREEN = frozenset({"author", "creator", "editor", "requester", "submitter", "modifier", "recorder", "poster"})
DONE_BY = frozenset({"taken", "written", "sent", "held", "made", "drawn", "sold", "given", "seen", "done", "paid"})
"""Words before ``by`` that do not end as most do: raised by, approved by."""
ABOVE = frozenset({"parent", "superior", "predecessor", "previous", "prev", "successor", "next", "root", "ancestor"})
ABOVE_PHRASES = frozenset(
    {("reports", "to"), ("report", "to"), ("moved", "to"), ("moved", "from"), ("replaced", "by"), ("replaces",),
     ("superseded", "by"), ("duplicate", "of"), ("merged", "into"), ("copied", "from"), ("child", "of"),
     ("part", "of"), ("belongs", "to")}
)  # fmt: skip
CHIEF = frozenset({"manager", "mgr", "supervisor", "boss"})
