"""Locators that stand in any text, whatever it is: found by cheap marks first, judged by what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 2000
"""Characters of a locator; what is longer is none."""
_AROUND = 4000
"""Characters of a line looked at on each side of a connection string's key."""

SCHEMES = frozenset((
    "s3", "s3a", "s3n", "gs", "wasb", "wasbs", "abfs", "abfss", "adl", "hdfs", "webhdfs", "viewfs", "sftp", "ftp",
    "ftps", "ftpes", "rsync", "smb", "cifs", "nfs", "afp", "dav", "davs", "file", "ldap", "ldaps", "postgres",
    "postgresql", "mysql", "mariadb", "mssql", "sqlserver", "oracle", "mongodb", "redis", "rediss", "snowflake",
    "redshift", "clickhouse", "hive", "hive2", "impala", "presto", "trino", "cassandra", "couchdb", "db2", "ibm_db_sa",
    "sqlite", "duckdb", "firebird", "sybase", "teradatasql", "tcps", "vertica", "cockroachdb", "access",
))  # fmt: skip
"""Schemes of stores, without what stands behind a '+' (``mysql+pymysql``); http and https are judged by their host."""
_DATABASES = SCHEMES - {
    "s3", "s3a", "s3n", "gs", "wasb", "wasbs", "abfs", "abfss", "adl", "hdfs", "webhdfs", "viewfs", "sftp", "ftp",
    "ftps", "ftpes", "rsync", "smb", "cifs", "nfs", "afp", "dav", "davs", "file",
}  # fmt: skip
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+._-]{0,23}\Z")
_REST_OF_URL = re.compile(r"""[^\s"'<>`|^]{1,2000}""")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_OBJECT_STORE = re.compile(
    r"(?i)(?:(?:[\w.-]{1,200}\.)?s3(?:[.-][a-z0-9-]{1,40}){0,3}\.amazonaws\.com(?:\.cn)?"
    r"|[\w-]{1,90}\.(?:blob|dfs|file|table|queue)\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)"
    r"|(?:[\w.-]{1,90}\.)?storage\.googleapis\.com|storage\.cloud\.google\.com|[\w-]{1,90}\.sharepoint\.com"
    r"|[\w.-]{1,90}\.(?:r2\.cloudflarestorage|digitaloceanspaces|wasabisys|backblazeb2|linodeobjects)\.com"
    r"|objectstorage\.[\w-]{1,40}\.oraclecloud\.com)\Z"
)
_OWN_HOST_IS_BUCKET = re.compile(
    r"(?i)(?!s3[.-])[\w.-]{1,200}\.(?:s3[.-]|storage\.googleapis)|\.windows\.net|sharepoint"
)
_PORT = re.compile(r"[^:\s/@]{1,253}(?::(?:\d{1,5}|[$%{<#_*].{0,99}))?\Z")
_BRACKETS = {")": "(", "]": "[", "}": "{"}

_MARK = r"(?:\$\{[^}\s]{1,80}\}|\$\(\w{1,80}\)|%\w{1,80}%|\$\w{1,80}|\{\{?[\w. -]{1,80}\}?\}|<[\w -]{1,40}>)"
_SERVER = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{{0,251}}[A-Za-z0-9])(?:@SSL)?(?:@\d{{1,5}})?|{_MARK}[\w.-]{{0,80}})"
_SHARE = rf"(?:\w[\w .&~+@#()-]{{0,78}}[\w)$]\$?|\w\$|{_MARK}[\w .$-]{{0,80}})"
_PLAIN_SHARE = rf"(?:\w[\w.&~+@#-]{{0,78}}[\w$]\$?|\w\$|{_MARK}[\w.$-]{{0,80}})"
_QUOTED_REST = r"""[^"'<>|*\n\r\t`]{0,900}"""
_PLAIN_REST = r"""[^\s"'<>|`,;]{0,900}"""


def _unc(share: str, rest: str, slash: str) -> re.Pattern[str]:
    more = rf"(?:{slash}(?!{slash[0:2]}){rest})?"
    return re.compile(rf"{_SERVER}{slash}{share}(?:(?=[\\\s\"'<>|`,;:)\]}}.*]|\Z)){more}")


_UNC_QUOTED = {1: _unc(_SHARE, _QUOTED_REST, r"\\"), 2: _unc(_SHARE, _QUOTED_REST, r"\\\\")}
_UNC_PLAIN = {1: _unc(_PLAIN_SHARE, _PLAIN_REST, r"\\"), 2: _unc(_PLAIN_SHARE, _PLAIN_REST, r"\\\\")}
_NO_STORE = frozenset(("tsclient", "wsl", "wsl.localhost", ".", "?", "localhost"))
_BEFORE_UNC = frozenset(" \t\n\"'`=(,>;:[{|+&@")
_DATA = (
    "accdb|mdb|mde|accde|xlsx?|xlsm|xlsb|csv|tsv|dat|db3?|sqlite3?|dbf|mdf|ldf|ndf|bak|trn|dmp|dump|parquet|orc|avro|"
    "dtsx|ispac|udl|odc|rdl|sas7bdat|sav|fdb|gdb|nsf|pst|qvd|tde|hyper|pbix|fp7|fmp12"
)
_FEEDS = "txt|xml|json|zip|gz|tar|tgz|7z|pdf|sql|log|edi|asc|prn|docx?|ctl|inp|out"
_DRIVE = re.compile(
    r"(?i)([A-Za-z]):(?:[\\/]{1,4}(?![\\/ ])[^\\/\s\"'<>|*?:;,`]{1,120}(?: [^\\/\s\"'<>|*?:;,`=]{1,60}){0,5}){1,20}"
)
_DATA_ENDING = re.compile(rf"(?i)\.(?:(?P<data>{_DATA})|{_FEEDS})(?![\w])")
_AT_HOST = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,251}[A-Za-z0-9]|\$\{?\w{1,60}\}?):(?=[/~$])[^\s\"'<>|`;,)]{1,900}"
)
_USER = re.compile(r"[A-Za-z0-9_.$-][\w.$\\{}-]{0,63}\Z")

_KEYS = (
    "server", "data source", "datasource", "dsn", "provider", "driver", "host", "hostname", "database", "dbname",
    "initial catalog", "dbq", "user id", "uid", "integrated security", "persist security info", "trusted_connection",
)  # fmt: skip
"""Keys by which connection strings are found."""
_KEY = re.compile(r"(?i)(?<![\w.$@?&-])(?:" + "|".join(sorted(_KEYS, key=len, reverse=True)) + r")\s?\Z")
_VAIN = 20
"""Keys of one line after which no more are tried."""
_DESCRIPTORS = ("(DESCRIPTION", "(description", "(Description")
_PAIR = re.compile(r"[A-Za-z][\w ]{0,40}?\s{0,4}=")
_UNQUOTED_END = re.compile(r"""["'<>`\n]""")
_BEFORE_KEY = re.compile(r"(?i)(?:[^(){}<>=\n]{1,60}=[^\n]{0,900};\s*|[a-z][\w:]{1,30}:(?://)?|odbc;|oledb;)\Z")
"""What stands in a string before the key that was found: other pairs, or the name of a driver."""


@dataclass(frozen=True, slots=True)
class Found:
    """A locator and where it stands; ``kind`` is None where its own grammar tells."""

    start: int
    end: int
    kind: str | None
    text: str


def found(text: str, *, escapes: bool = False) -> list[Found]:
    """Every locator of a text, in order, none within another.

    ``escapes`` says that it is source in whose strings a backslash is written twice.
    """
    # Connection strings first: they may hold URLs, UNC and other paths, which are theirs then.
    finds = [
        *_connections(text),
        *_jdbc(text),
        *_urls(text),
        *_uncs(text, escapes),
        *_drives(text),
        *_hosts(text),
    ]
    kept: list[Found] = []
    end = -1
    for one in sorted(finds, key=lambda f: (f.start, -f.end)):
        if one.start >= end:
            kept.append(one)
            end = one.end
    return kept


_SIGNS = ("://", "\\\\", "jdbc:", "ata source", "ata Source", "erver=", "dsn=", "DSN=", "ost=", "ERVER=", "HOST=")


def may_hold(text: str) -> bool:
    """Whether a text can hold a locator that variables stand in; a cheap look."""
    return any(sign in text for sign in _SIGNS)


def _every(text: str, mark: str) -> Iterator[int]:
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + len(mark))


def trimmed(text: str) -> str:
    """A locator out of running text without the punctuation that ends the sentence or closes a bracket around it."""
    while text:
        last = text[-1]
        unbalanced = last in _BRACKETS and text.count(last) > text.count(_BRACKETS[last])
        if last not in ".,;:!?" and not unbalanced and not (last == "*" and text.endswith("**")):
            break
        text = text[:-1]
    return text


def _closing(text: str, start: int) -> int:
    """Where the string that begins right before ``start`` ends; -1 where none does."""
    quote = text[start - 1 : start]
    if start == 0 or quote not in "\"'`":
        return -1
    line = text.find("\n", start, start + LONGEST)
    return text.find(quote, start, line if line >= 0 else start + LONGEST)


def _urls(text: str) -> Iterator[Found]:
    for at in _every(text, "://"):
        behind = text[max(0, at - 24) : at]
        scheme = _SCHEME.search(behind)
        if scheme is None:
            continue
        name = scheme[0].lower()
        start = at - len(scheme[0])
        if name in ("http", "https"):
            if (url := _object_store(text, at)) is not None:
                yield Found(start, start + len(name) + len(url), "url", text[start:at] + url)
        elif name.partition("+")[0] in SCHEMES and text[start - 5 : start].lower() != "jdbc:":
            url = _rest(text, at + 3, start, name.partition("+")[0] in _DATABASES)
            if url and _plausible(name, url):
                yield Found(
                    start,
                    at + 3 + len(url),
                    "connection_string" if name.partition("+")[0] in _DATABASES else "url",
                    text[start : at + 3] + url,
                )


def _rest(text: str, at: int, start: int, database: bool) -> str:
    close = _closing(text, start) if database else -1
    if close >= 0:
        return text[at:close]
    rest = _REST_OF_URL.match(text, at)
    return trimmed(rest[0]) if rest else ""


def _plausible(name: str, rest: str) -> bool:
    """Whether what follows ``://`` names something; a login cut in two would leave half a password."""
    authority = re.split(r"[/?#;]", rest, maxsplit=1)[0]
    if name in ("file", "sqlite", "duckdb") or "\\" in authority:
        return bool(authority.strip("/.")) or (name != "file" and len(rest) > 1)
    hosts = authority.rpartition("@")[2]
    if "://" in rest or not hosts.strip(".*"):
        return (
            len(rest) > 1
            and rest.startswith("/")
            and name in ("hdfs", "viewfs", "oracle", "ldap", "postgresql", "postgres")
        )
    return all(_PORT.match(h) for h in hosts.split(",") if h) and hosts[0] not in ".-,"


def _object_store(text: str, at: int) -> str | None:
    """What follows the scheme where the host is an object store and a bucket is named."""
    host = _HOST.match(text, at + 3)
    if host is None or not _OBJECT_STORE.match(host[0]):
        return None
    rest = _REST_OF_URL.match(text, at + 3)
    whole = trimmed(rest[0]) if rest else ""
    path = whole[len(host[0]) :].lstrip("/")
    return f"://{whole}" if path or _OWN_HOST_IS_BUCKET.search(host[0]) else None


def _jdbc(text: str) -> Iterator[Found]:
    for at in (*_every(text, "jdbc:"), *_every(text, "JDBC:")):
        if at and (text[at - 1].isalnum() or text[at - 1] in "_-/."):
            continue
        close = _closing(text, at)
        if close >= 0:
            url = text[at:close]
        else:
            rest = _REST_OF_URL.match(text, at)
            url = trimmed(rest[0]) if rest else ""
        if re.match(r"(?i)jdbc:[a-z][\w-]{1,40}:.", url):
            yield Found(at, at + len(url), "connection_string", url)


def _uncs(text: str, escapes: bool) -> Iterator[Found]:
    past = -1
    for at in _every(text, "\\\\"):
        if at < past:
            continue
        end = at + 2
        while end < len(text) and end - at < 9 and text[end] == "\\":
            end += 1
        past = end
        slashes = end - at
        before = text[at - 1] if at else "\n"
        if (
            slashes not in (2, 4)
            or before not in _BEFORE_UNC
            or (before == ":" and text[at - 2 : at - 1].isalpha() and not text[at - 3 : at - 2].isalpha())
        ):
            continue
        one = _one_unc(text, at, slashes, before, escapes)
        if one is not None:
            yield one
            past = one.end


def _one_unc(text: str, at: int, slashes: int, before: str, escapes: bool) -> Found | None:
    if slashes == 2 and escapes and not _verbatim(text, at):
        return None
    start = at + slashes
    if text.startswith(("?\\UNC\\", "?\\unc\\"), start):
        start += 6
    patterns = _UNC_QUOTED if before in "\"'`" and _closing(text, at) >= 0 else _UNC_PLAIN
    match = patterns[slashes // 2].match(text, start)
    single = match is None and slashes == 4 and not escapes
    if single:
        match = patterns[1].match(text, start)
    if match is None:
        return None
    path = match[0] if slashes == 2 or single else match[0].replace("\\\\", "\\")
    path = path.rstrip() if patterns is _UNC_QUOTED else trimmed(path)
    server, _, rest = path.partition("\\")
    if server.lower() in _NO_STORE or not rest or (server.isdigit() and rest[0].isdigit()):
        return None
    return Found(at, match.end(), "unc", "\\\\" + path)


def _verbatim(text: str, at: int) -> bool:
    """Whether the string that begins here takes a backslash as it is: r"", @"", $@"", or it stands in no string."""
    before = text[max(0, at - 3) : at]
    return (
        before[-1:] not in ('"', "'")
        or before[-2:-1] in ("r", "R", "@")
        or before[-3:-1] in ("@$", "rb", "br", "rf", "fr")
    )


def _drives(text: str) -> Iterator[Found]:
    for mark in (":\\", ":/"):
        for at in _every(text, mark):
            if not text[at - 1 : at].isalpha() or (at > 1 and (text[at - 2].isalnum() or text[at - 2] in "_-./\\%$}")):
                continue
            close = _closing(text, at - 1)
            match = _DRIVE.match(text, at - 1, close if close >= 0 else len(text))
            if match is None:
                continue
            endings = list(_DATA_ENDING.finditer(match[0]))
            # On the system drive, text and archives are mostly the program's own.
            good = [e for e in endings if e["data"] or match[1] not in "cC"]
            if good and text[at + 1 : at + 3] != "//":
                path = match[0][: good[-1].end()]
                plain = re.sub(r"\\{2,4}", lambda _: "\\", path)
                if not any(len(s) > 100 for s in re.split(r"[\\/]", plain)):
                    yield Found(at - 1, at - 1 + len(path), "path", plain)


def _hosts(text: str) -> Iterator[Found]:
    """``user@host:/path`` as scp and rsync write it."""
    for at in _every(text, "@"):
        match = _AT_HOST.match(text, at + 1)
        user = _USER.search(text[max(0, at - 64) : at]) if match else None
        if match is None or user is None or text[at - len(user[0]) - 1 : at - len(user[0])] in (":", "/"):
            continue
        place = trimmed(match[0])
        host, _, path = place.partition(":")
        if ("." in host or len(path) > 1) and not path.startswith("//"):
            yield Found(at - len(user[0]), at + 1 + len(place), "path", f"{user[0]}@{place}")


def _connections(text: str) -> Iterator[Found]:
    end, vain, line = -1, 0, -1
    for sign in _every(text, "="):
        if vain > _VAIN and sign < line:
            continue  # a long line of keys that are no connection's
        if sign >= end and text[max(0, sign - 24) : sign].rstrip().lower().endswith(_KEYS):
            key = _KEY.search(text, max(0, sign - 26), sign)
            one = _one_connection(text, key.start()) if key is not None else None
            if one is not None:
                yield one
                end, vain = one.end, 0
            elif sign < line:
                vain += 1
            else:
                stop = text.find("\n", sign, sign + _AROUND)
                line, vain = stop if stop >= 0 else sign + _AROUND, 1
    past, vain = -1, 0
    for at in sorted(at for mark in _DESCRIPTORS for at in _every(text, mark)):
        if at < past:
            continue
        close = _balanced(text, at)
        vain += close < 0
        past = close if close > 0 else at + (_AROUND if vain > _VAIN else 1)
        if close > 0 and "host" in text[at:close].lower():
            yield Found(at, close, "connection_string", " ".join(text[at:close].split()))


def _balanced(text: str, at: int) -> int:
    """The end of the bracket that opens here; -1 where it is far away or nowhere."""
    depth = 0
    for match in re.finditer(r"[()]", text[at : at + _AROUND]):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return at + match.end()
    return -1


def _one_connection(text: str, at: int) -> Found | None:
    first = max(0, at - _AROUND)
    first = max(text.rfind("\n", first, at) + 1, first)
    last = text.find("\n", at, at + _AROUND)
    last = last if last >= 0 else min(len(text), at + _AROUND)
    left = max(text.rfind(q, first, at) for q in "\"'`")
    inside = text[left + 1 : at]
    quoted = left >= 0 and (not inside.strip() or _BEFORE_KEY.match(inside) is not None)
    start = left + 1 if quoted else at
    close = _end_of_string(text, at, last, text[left]) if quoted else _end_of_pairs(text, at, last)
    whole = text[start:close].strip()
    return Found(start, close, "connection_string", whole) if _is_connection(whole, quoted) else None


def _end_of_pairs(text: str, at: int, last: int) -> int:
    """Where pairs that stand in no string end: at a bracket of markup, or a quote that opens no value."""
    while (stop := _UNQUOTED_END.search(text, at, last)) is not None:
        if stop[0] not in "\"'" or not text[max(0, stop.start() - 3) : stop.start()].rstrip().endswith("="):
            return stop.start()
        close = text.find(stop[0], stop.end(), last)
        if close < 0:
            return stop.start()
        at = close + 1
    return last


def _end_of_string(text: str, at: int, last: int, quote: str) -> int:
    """Where a string ends; a doubled or an escaped quote is part of it."""
    while True:
        close = text.find(quote, at, last)
        if close < 0:
            return last
        if text[close + 1 : close + 2] == quote and close + 2 < last:
            at = close + 2
        elif text[close - 1] == "\\":
            at = close + 1
        else:
            return close


def _is_connection(text: str, quoted: bool) -> bool:
    """Whether it has the shape of pairs: more than one, or a DSN in quotes; never a call's arguments."""
    if len(text) > LONGEST or re.match(r"\w[\w ]{0,40}=\s{0,4}[\"']", text):
        return False
    pairs = sum(1 for _ in zip(range(3), _PAIR.finditer(text), strict=False))
    if ";" in text:
        return pairs >= 2 or (quoted and re.match(r"(?i)(file)?dsn=\w", text) is not None)
    if quoted and re.match(r"(?i)(file)?dsn\s?=\s?\w[\w .-]*\Z", text):
        return True
    return pairs >= 2 and re.search(r"(?:\A|\s)dbname\s?=", text) is not None and "&" not in text and "," not in text
