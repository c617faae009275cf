"""How a database is reached, in every way of writing it, taken apart: one grammar after the other is tried."""

from __future__ import annotations

import html
import re

from scanner.locators.database_urls import database_url
from scanner.locators.jdbc import jdbc
from scanner.locators.oracle import descriptor, easy
from scanner.locators.pairs import blank_parted, semicolon_parted
from scanner.locators.shape import Connection

MOST = 32_000
"""Characters of a text that are looked at: none that connects is longer."""
_JDBC = re.compile(r"(?i)^\s*jdbc\s*:")
_URL = re.compile(
    r"(?i)^(?:[a-z][a-z0-9+._-]{0,39}://|dbi:\w+[:(]|(?:mysql|pgsql|sqlsrv|dblib|oci|odbc|sqlite2?|firebird|ibm|informix|mssql|sybase):)"
)


def connection(text: str, *, driver: str | None = None) -> Connection | None:
    r"""A connection string, database URL or Oracle address taken apart; None where it is none.

    ``driver`` is what stands beside it (a providerName, a driver class), for texts that do not say themselves.

    >>> made = connection(r"Data Source=tcp:sql7\erp,1500;Initial Catalog=Sales;User ID=app;Password=hunter2")
    >>> made.server, made.instance, made.port, made.database, made.text[-12:]
    ('sql7', 'erp', 1500, 'Sales', 'Password=***')
    """
    text = text.strip()
    if not 3 <= len(text) <= MOST:
        return None
    if "&quot;" in text or "&amp;" in text:
        text = html.unescape(text)
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" and text.count(text[0]) == 2:
        text = text[1:-1].strip()
    found = _parsed(text, driver)
    # Every part is taken from what is kept, so that none can hold what was cut out.
    return None if found is None else _parsed(found.text, driver)


def _parsed(text: str, driver: str | None) -> Connection | None:
    """What the one grammar makes of a text that its beginning chooses."""
    if _JDBC.match(text):
        return jdbc(text)
    if text.startswith("("):
        return descriptor(text)
    if _URL.match(text):
        return database_url(text)
    if "=" not in text:
        return easy(text, sure=_of_oracle(driver))
    found = semicolon_parted(text, driver)
    return found or blank_parted(text) or None


def _of_oracle(driver: str | None) -> bool:
    return driver is not None and "oracle" in driver.lower()
