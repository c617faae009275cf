"""Any text: what is a locator in it, what only looks like one, and how long looking may take."""
# ruff: noqa: E501, Q003 - samples are long lines, as the files are

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.extractor import Extractor, Mention, NotMine, Trouble, Unread
from scanner.extractors import deployment, scripts, sqltext, text, unix, windows
from scanner.extractors.finding import found
from tests.extractors import test_commands as commands
from tests.extractors import test_sqltext as sql
from tests.extractors.reading import CANARY, quotes


@pytest.mark.parametrize(
    ("line", "kind", "locator"),
    [
        (r"open \\fs01\finance\x.csv now", "unc", r"\\fs01\finance\x.csv"),
        (r'"\\fs01\My Share\a b.xls"', "unc", r"\\fs01\My Share\a b.xls"),
        (r"\\?\UNC\fs01\share\x", "unc", r"\\fs01\share\x"),
        (r"path=\\10.1.2.3\backup$\sql;x=1", "unc", r"\\10.1.2.3\backup$\sql"),
        (r'{"share": "\\\\fs01\\data\\x"}', "unc", r"\\fs01\data\x"),
        (r"Z:\data\in.csv", "path", r"Z:\data\in.csv"),
        ("D:/data/b.accdb", "path", "D:/data/b.accdb"),
        ("see s3://bkt1/key.", "url", "s3://bkt1/key"),
        ("(https://bkt1.s3.amazonaws.com/a/b)", "url", "https://bkt1.s3.amazonaws.com/a/b"),
        ("https://s3.eu-west-1.amazonaws.com/bkt1/k", "url", "https://s3.eu-west-1.amazonaws.com/bkt1/k"),
        ("https://acct.blob.core.windows.net/c/x", "url", "https://acct.blob.core.windows.net/c/x"),
        ("https://corp.sharepoint.com/sites/fin", "url", "https://corp.sharepoint.com/sites/fin"),
        (f"ftp://app:{CANARY}@ftp1.corp/x", "url", "ftp://app:***@ftp1.corp/x"),
        ("file://fs01/share/x", "url", "file://fs01/share/x"),
        ("app@host1.corp:/data/in/", "path", "app@host1.corp:/data/in/"),
        (
            f'cs="Server=db1;Database=x;User Id=a;Password={CANARY};"',
            "connection_string",
            "Server=db1;Database=x;User Id=a;Password=***;",
        ),
        (
            f'"host=db7 dbname=erp user=x password={CANARY}"',
            "connection_string",
            "host=db7 dbname=erp user=x password=***",
        ),
        ("jdbc:oracle:thin:@db1:1521:ORCL", "connection_string", "jdbc:oracle:thin:@db1:1521:ORCL"),
        (f'$x = "mysql:host=db1;dbname=erp"; $p = "{CANARY}";', "connection_string", "mysql:host=db1;dbname=erp"),
        ("mongodb://h1:27017,h2:27017/db", "connection_string", "mongodb://h1:27017,h2:27017/db"),
    ],
)
def test_locators(line: str, kind: str, locator: str) -> None:
    assert [(m.kind, m.locator, m.line) for m in quotes("notes/x.lst", f"\n{line}\n")] == [(kind, locator, 2)]


@pytest.mark.parametrize(
    "line",
    [
        "either\\\\or, and\\\\or", r"re.match('\\d+\\w')", r"\\hline\end{tabular}", r'"\\begin\b"', r"C:\\dir\\sub", r"%s\\n\\t",
        r"m{^\\\\(\w+)\\(\S+)}", r"\\server\\share", r"\\tsclient\c", r"\\.\pipe\sql", "git@github.com:org/repo.git",
        "rhost=1.2.3.4 user=root port=22", "https://www.w3.org/1999/xhtml", "https://s3.amazonaws.com/", "http://x.com/a?server=x;database=y",
        "pymysql.connect(host='db7', user='x')", "mail app@corp.net: hello", r"C:\Windows\System32\drivers\etc\x.txt",
        "file:///etc/passwd.", "for (host=0; database=1; i++)", "ldap://%s", "s3://${bucket}", f'ftp://u:p"{CANARY}@host/x', "12:30://x",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_locator(line: str) -> None:
    said = [m for m in quotes("src/x.lst", line + "\n") if m.status == "active" and m.kind != "connection_string"]
    said += [m for m in quotes("src/x.lst", line + "\n") if m.kind == "connection_string" and m.server != "0"]
    assert [m for m in said if not m.locator.startswith("file:///")] == []


@pytest.mark.parametrize(
    ("path", "line", "status"),
    [
        ("x.cfg", "# s3://bkt1/x", "commented"),
        ("x.lst", "; s3://bkt1/x", "commented"),
        ("x.lst", "<!-- s3://bkt1/x -->", "commented"),
        ("x.cpp", "f(); // s3://bkt1/x", "commented"),
        ("x.cpp", "/* one\n s3://bkt1/x */", "commented"),
        ("x.txt", "# s3://bkt1/x", "active"),
        ("x.cpp", 'f("//", "s3://bkt1/x");', "active"),
        ("x.lst", "s3://bkt1-${env}/x", "template"),
        ("x.lst", "s3://my-bucket/x", "placeholder"),
        ("x.lst", "ftp://host/path", "placeholder"),
        ("x.lst", r"\\server\share\x", "placeholder"),
        ("x.lst", r"\\$FILER\data\x", "template"),
    ],
)
def test_statuses(path: str, line: str, status: str) -> None:
    assert [m.status for m in quotes(path, line + "\n")] == [status]


def test_source_undoes_doubled_backslashes_and_doubts_single_ones() -> None:
    text = 'f("\\\\\\\\fs01\\\\data\\\\x"); g("\\\\fs02\\share\\x"); h(@"\\\\fs03\\share\\x");\n'
    assert [m.locator for m in quotes("x.cs", text)] == ["\\\\fs01\\data\\x", "\\\\fs03\\share\\x"]


def test_content_decides_for_unknown_endings() -> None:
    assert [m.locator for m in quotes("conf/feed.xyz", "to = s3://bkt1/x\n")] == ["s3://bkt1/x"]
    assert quotes("conf/feed.xyz", b"\x00\x01\x02s3://bkt1/x" * 20) == []
    assert quotes("photo.jpg", "s3://bkt1/x") == []
    assert [m.locator for m in quotes("conf/feed.xyz", "to = s3://bkt1/x\n".encode("utf-16"))] == ["s3://bkt1/x"]


FAMILIES = (unix, windows, scripts, deployment, sqltext, text)
EXTRACTORS = [e for family in FAMILIES for e in family.EXTRACTORS]


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda e: e.id)
@pytest.mark.parametrize(
    "unit",
    ["\\", "a=", "server=", "://", "x://y", "@a:/", "'", '"', "$(", "`", "psql ", "from a.b.c.d", "{", "[", "<a>", "\\\\a\\b", "/*", "- a\n", "copy t from '", "(", "<<E\n",
     "Invoke-Sqlcmd -Query \"", "resource \"a\" {\n", "x" * 50 + "\n", "set a=%a%%a%\n", "A=$A$A\n", "FROM ", "OPENROWSET('", "connect(", "\0", "é"],
)  # fmt: skip
def test_long_lines_and_repetition_stay_within_time(extractor: Extractor, unit: str) -> None:
    content = (unit * (60_000 // len(unit))).encode()
    began = time.process_time()
    _drain(extractor, "etc/x", content)
    assert time.process_time() - began < 4


def _drain(extractor: Extractor, path: str, content: bytes) -> int:
    count = 0
    try:
        for quote in extractor.quote(path, content):
            assert isinstance(quote, Mention | Trouble)
            count += 1
    except (NotMine, Unread):
        pass
    return count


SAMPLES = [s.encode() for s in (commands.SHELL, commands.BATCH, commands.POWERSHELL, sql.TSQL)] + [
    b"services:\n  a:\n    environment:\n      - DB_HOST=db7\n    command: psql -h x -d y\n", b"//fs01/x /mnt cifs a 0 0\n",
    b'resource "aws_s3_bucket" "b" {\n  bucket = "x"\n}\n', b"<Task><Actions><Exec><Command>sqlcmd</Command></Exec></Actions></Task>",
    b"<transformation><connection><name>a</name><server>b</server></connection></transformation>", b"0 2 * * * root psql -h db7 -d erp\n",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=st.sampled_from(SAMPLES), start=st.integers(0, 1500), length=st.integers(0, 60), put=st.binary(max_size=40),
    extractor=st.sampled_from(EXTRACTORS),
)  # fmt: skip
def test_damaged_samples_never_fail(sample: bytes, start: int, length: int, put: bytes, extractor: Extractor) -> None:
    _drain(extractor, "etc/cron.d/x", sample[:start] + put + sample[start + length :])


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=600), extractor=st.sampled_from(EXTRACTORS))
def test_random_bytes_never_fail(content: bytes, extractor: Extractor) -> None:
    _drain(extractor, "etc/x", content)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="\\/:@=;'\"$%{}()<> \nsab.xc3servdn-", max_size=200))
def test_finds_lie_apart_and_stand_in_the_text(content: str) -> None:
    end = -1
    for one in found(content):
        assert end <= one.start < one.end <= len(content)
        end = one.end
