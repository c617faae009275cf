"""Databases over ODBC: what they say of themselves in their catalogs; no row is read but a sample's."""

from __future__ import annotations

from pydantic import BaseModel

from connectors.odbc.options import Options, account, from_url, locator
from connectors.odbc.profiles import ran
from scanner.connector import Connector, Plug, Session

LIMITS = (
    "Rows are the server's estimates, sizes its statistics: nothing is counted; what was never analysed is unknown.",
    "A server shows an account only what it may see, and does not say what it leaves out.",
    "MariaDB and MySQL show texts, routines, triggers and events only with SHOW VIEW, EXECUTE, TRIGGER and EVENT.",
    "PostgreSQL says when a table was last read from version 16; MariaDB, MySQL and SQLite never do.",
    "Rights that come with a role are told as the role's: who belongs to it stands with the members.",
    "PostgreSQL shows few where subscriptions copy from and how logins are ruled; pg_cron shows each its own jobs.",
    "MariaDB shows roles, rights everywhere, accounts, servers and rights on routines only to readers of `mysql`.",
    "What an account could do by a role that it may take on, MariaDB does not show to that account: it is unknown.",
    "MariaDB gives all columns and keys of a database in one answer, which its driver holds until it is read.",
    "MariaDB has the servers behind FEDERATED and Spider tables asked when it is asked for a table's figures.",
    "Where MariaDB is a replica, and of whom, is not told: no table of it says so; MySQL's does.",
    "PostgreSQL's rights on foreign servers, types, languages, tablespaces and single large objects are not told.",
    "Passwords are cut out of links, programs, jobs and events; texts of views and routines are kept as they are.",
    "PostgreSQL is asked in the catalog of version 12 and later; for an older one set profile = 'generic'.",
    "PostgreSQL will not send names of a database without an encoding that are no UTF-8: their schema is then a fault.",
    "A SQLite file is read without a lock: what is written meanwhile may fail a question, and is itself never held up.",
    "SQL Server is asked for encryption: for a server without it, say Encrypt=no (FreeTDS: Encryption=off) yourself.",
    "SQL Server's times are taken for the distance from UTC of today: of the other half of the year, an hour out.",
    "Firebird counts neither rows nor bytes of a table; Teradata knows no types of views' columns.",
    "Informix and Adaptive Server are asked for sixteen columns of a key or index; Teradata's texts end at 12,500.",
    "ODBC's catalog functions alone (systems without a profile) give no sizes, texts, grants or settings.",
    "Of an answer that ends at a round number of rows, such drivers cannot say whether it was cut: it is told as cut.",
    "Values, at depth L3, are not looked at in Access and systems without a profile: there is no asking for a few.",
    "PostgreSQL, MariaDB and MySQL are told how long a question may take; elsewhere the driver's own timeout ends it.",
    "Access keys, queries and linked tables need the programs of MDBTools; relations not enforced are no keys.",
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
    connections=1,
    facts=(
        "entry",
        "listing",
        "column",
        "key",
        "routine",
        "grant",
        "setting",
        "mention",
        "member",
        "seen",
        "sketch",
    ),
    limits=(*LIMITS, *ran()),
    extra="odbc",
    isolated=True,  # drivers crash, leak, and ignore their own timeouts
)
