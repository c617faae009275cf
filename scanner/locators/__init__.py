"""How places are written: connection strings, URLs, UNC paths; taken apart, and told without their secrets."""

from scanner.locators.connection import connection
from scanner.locators.cut import without_secrets
from scanner.locators.shape import Connection
from scanner.locators.statements import program_without_secrets, statement_without_secrets
from scanner.locators.status import status_of, variables
from scanner.locators.unc import Unc, unc
from scanner.locators.urls import Url, url
from scanner.locators.words import names_a_secret

__all__ = [
    "Connection",
    "Unc",
    "Url",
    "connection",
    "names_a_secret",
    "program_without_secrets",
    "statement_without_secrets",
    "status_of",
    "unc",
    "url",
    "variables",
    "without_secrets",
]
