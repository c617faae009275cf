"""Options of programs that hold a secret: what stands behind ``-p``, ``/user:``, ``net use``, ``-u name:password``."""

from __future__ import annotations

import re

from scanner.locators.words import MARK, STRING, WORDS

_ANY = rf"(?:{STRING}|[^\s]+)"
_IN_FULL = (
    r"(?!(?i:w[ \t:=]|ass|ath\b|ort\b|arameter|arent|ro(?:pert|file|cess|gram|vider|ject|tocol|xy)|re(?:fix|serve)|"
    r"rint|ipe|erson|riority|ublic|oint|hysical|ackage|latform|age))"
)
"""Options that begin with the same letter and are written in full."""
_DIRECT = re.compile(rf"(?<=\s)(-p|-P[ \t]{{0,9}}){_IN_FULL}(?![ \t-])(?:{STRING}|\S+)")
"""Of mysql (``-psecret``), bcp, sqlcmd and isql (``-P secret``)."""
_NAMED = re.compile(
    rf"""(?i)(?<=\s)((?:--?|/)[\w.-]{{0,40}}?(?:{WORDS}|-pass|-key)(?:[\w.-]{{0,20}})(?:[=:]|[ \t]{{1,9}}))(?![-/(])
    (?:env:|file:)?{_ANY}""",
    re.VERBOSE,
)
"""``--password x``, ``/password:x``, ``-AccessToken x``, ``--sas-token x``."""
_SHORT = re.compile(rf"(?i)(?<=\s)((?:/rp|/p|-pw|/pw)(?::|=|[ \t]{{1,9}}))(?![-/]){_ANY}")
_LOGIN = re.compile(r"""(?<=\s)((?:-u|-U|--user|--proxy-user)[= ]?[ \t]{0,9}["']?[^\s:"'%]{1,128}[:%])[^\s"']+""")
_NET_USE = re.compile(
    rf"""(?i)(\bnet1?(?:\.exe)?[ \t]+use[ \t]+(?:[a-z*]:?[ \t]+)?(?:"\\\\[^"]{{1,400}}"|\\\\[^\s"]{{1,400}})[ \t]+)
    (?![/*]){_ANY}""",
    re.VERBOSE,
)
_NET_USE_USER = re.compile(
    rf"(?i)(\bnet1?(?:\.exe)?[ \t]+use[ \t][^\n]{{0,900}}?/user:[^\s]{{1,200}}[ \t]+)(?![/*]){_ANY}"
)
_SSHPASS = re.compile(
    rf"(?i)(\b(?:sshpass|7za?|rar|unrar|zip|unzip)\b[^\n|;]{{0,200}}?[ \t]-[pP][ \t]{{0,9}})(?![ \t-]){_ANY}"
)
_ONE_LETTER = re.compile(
    rf"""(?i)(\b(?:redis-cli\b[^\n|;]{{0,200}}?[ \t]-a|ldap(?:search|modify|add|delete)\b[^\n|;]{{0,200}}?[ \t]-w|
    (?:ipmitool|wmic|odbcping|tsql|fisql)\b[^\n|;]{{0,200}}?[ \t]-P|
    lftp\b[^\n|;]{{0,200}}?[ \t]-u[ \t]+[^\s,]{{1,128}},)[ \t]{{0,9}})
    {_ANY}""",
    re.VERBOSE,
)
_ORACLE = re.compile(
    r"""(?i)(\b(?:sqlplus|rman|exp|imp|expdp|impdp|sqlldr|tnsping|sqlcl)\b[^\n|;/]{0,200}?[ \t"'][\w$\#]{1,128}/)
    (?:"[^"]{0,128}"|[^\s@"']{1,128})""",
    re.VERBOSE,
)
_DB2 = re.compile(rf"(?i)(\bconnect[ \t]+to[ \t]+\S{{1,128}}[ \t]+user[ \t]+\S{{1,128}}[ \t]+using[ \t]+){_ANY}")
_SECURE = re.compile(rf"(?i)(\bConvertTo-SecureString[ \t]+(?:-String[ \t]+)?)(?![-$]){_ANY}")
_SET = re.compile(
    rf"""(?i)(\[[^\]\s]{{0,80}}(?:{WORDS})[^\]\s]{{0,40}}\]"""
    rf"""(?:\.[\w.]{{1,40}}(?:\[\w{{1,40}}\])?)?[ \t]{{0,4}};[ \t]{{0,4}}){_ANY}"""
)
"""A variable of a package that ``dtexec /set`` fills in."""
_FTP = re.compile(r"(?im)^([ \t]*(?:echo[ \t]+)?(?:pass|quote[ \t]+pass)[ \t]+)\S+")
_RULES = (
    _DIRECT, _SECURE, _NAMED, _SHORT, _LOGIN, _NET_USE, _NET_USE_USER, _SSHPASS, _ONE_LETTER, _ORACLE, _DB2, _SET, _FTP,
)  # fmt: skip

_RULES_BUT_SET = tuple(rule for rule in _RULES if rule is not _SET)


def options_without_secrets(text: str) -> str:
    """A command line with passwords replaced that are the values of options or stand where one is expected.

    >>> options_without_secrets("sqlcmd -S x -U sa -P hunter2")
    'sqlcmd -S x -U sa -P ***'
    """
    for rule in _RULES if "]" in text else _RULES_BUT_SET:
        text = rule.sub(rf"\1{MARK}", text)
    return text
