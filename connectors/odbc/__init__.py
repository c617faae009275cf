"""Databases over ODBC: what they say of themselves in their catalogs; no row is read but a sample's."""

from __future__ import annotations

from pydantic import BaseModel

from connectors.odbc.options import Options, account, from_url, locator
from scanner.connector import Connector, Plug, Session

LIMITS = (
    "Rows are the server's own estimates and sizes its statistics: nothing is counted; what was never analysed is unknown.",
    "A server shows an account only what it may see. MariaDB and MySQL hide the text of views, and routines, triggers and"
    " events altogether, from an account without SHOW VIEW, EXECUTE, TRIGGER and EVENT, and do not say how many there are.",
    "PostgreSQL is asked in the catalog of version 12 and later; for an older one set profile = 'generic'.",
    "A SQLite file is read without taking a lock: what a program writes meanwhile can make a question fail, and is itself"
    " never held up.",
    "By ODBC's catalog functions alone (a system without a profile) there are no sizes, texts, grants or settings.",
    "Access keys and queries need the programs of MDBTools; a relation over several columns shows as one for each of them.",
)


def _open(options: BaseModel, session: Session) -> Connector:
    from connectors.odbc.harvest import OdbcConnector  # noqa: PLC0415 - the profiles are read where they are needed

    assert isinstance(options, Options)
    return OdbcConnector(options, session)


PLUG = Plug(
    title="Database over ODBC",
    schemes=("odbc",),
    options=Options,
    open=_open,
    from_url=from_url,
    account=account,
    locator=locator,
    type="odbc",
    store_kind="database",
    store_depth=1,
    facts=("entry", "listing", "column", "key", "routine", "grant", "setting"),
    limits=LIMITS,
    extra="odbc",
)
