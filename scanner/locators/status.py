"""Whether a text is in force, waits for variables to be filled in, or is an example."""

from __future__ import annotations

import re

_VARIABLE = re.compile(
    r"""\$\{[^}\n]{1,200}\}|\$\([^)\n]{1,200}\)|\#\{[^}\n]{1,200}\}|\{\{[^}\n]{1,200}\}\}|@\[(?![0-9A-Fa-f.]{0,40}:[0-9A-Fa-f:.]{0,60}\])[^\]\n]{1,200}\]|
    @@[A-Za-z]\w{0,60}@@|(?<![\w.])__[A-Za-z]\w{0,60}?__(?!\w)|%\([A-Za-z]\w{0,60}\)s|<%[^%\n]{1,200}%>|
    %[A-Za-z_]\w{0,60}(?::[^%\n]{1,60})?%(?![0-9A-Fa-f]{2})|\$env:[A-Za-z_]\w{0,60}|!(?i:ref|sub)\b|
    (?<![\w\\$.])\$[A-Za-z_]\w{0,60}|(?<=[/=@,\s])\{[A-Za-z_][\w.]{0,60}\}|@[A-Za-z_][\w.]{1,60}@""",
    re.VERBOSE,
)
_EXAMPLE = re.compile(
    r"""(?i)<[a-z][\w .,'/-]{1,60}>|\[(?:your|my|the|enter|server|database|host|user)[\w .-]{0,60}\]|\bchange[_-]?me\b|
    \byour[_-]?[a-z]|(?<![a-z0-9])x{3,}(?![a-z0-9])|\*{4,}|\b(?:my)?example\.(?:com|org|net)\b|
    \.(?:example|invalid)(?![\w.-])|\bexample[_.-](?:host|server|db|database)|\.test(?=$|[/:;,\s"'])|
    \b(?:my|some|the)[_-]?(?:server(?:name|address)?|host(?:name)?|database|db[_-]?(?:name|host|server))\b|
    \b(?:server|host|database|db)[_-]?name[_-]?here\b|\b(?:insert|enter|put|replace|fill)[_-][a-z]{2,}|\bfoo\.bar\b|
    \bto[_-]?do\b|\bplaceholder\b|\bdummy\b|\bfixme\b|=(?:server|host|database)[_-]?name(?=;|$|")""",
    re.VERBOSE,
)


def status_of(text: str, default: str = "active") -> str:
    """``template`` where variables stand in it, ``placeholder`` where it is an example, else ``default``.

    >>> status_of("Server=${DB_HOST};Database=x"), status_of("Server=<server>;Database=x"), status_of("db7:1433")
    ('template', 'placeholder', 'active')
    """
    if default != "active":
        return default
    text = text[:20_000]
    if variables(text):
        return "template"
    return "placeholder" if _EXAMPLE.search(text) else default


def variables(text: str) -> tuple[str, ...]:
    """The variables of a text as written, each once, in order.

    >>> variables("jdbc:mysql://${DB_HOST:db7}/$(Name)")
    ('${DB_HOST:db7}', '$(Name)')
    """
    return tuple(dict.fromkeys(m[0] for m in _VARIABLE.finditer(text)))
