"""A misbehaving S3 server: whatever a script answers is sent byte for byte, as slowly or brokenly as it says.

For whoever writes or changes an S3 connector. A script is a function from ``Request`` to ``Answer``; ``bucket_of`` is a
well-behaved one, and the others here misbehave in one way each::

    with s3_double(repeats_token(["a", "b"])) as server:
        crawl(server.endpoint)
    assert server.requests
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes, urlsplit
from xml.sax.saxutils import escape

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: ``path`` percent-decoded, ``query`` decoded, ``headers`` with names in lower case.

    ``target`` is path and query before any decoding, as a signature covers them.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    target: str = ""

    @property
    def is_listing(self) -> bool:
        """Whether it asks for a page of keys."""
        return self.query.get("list-type") == "2"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back.

    ``pause_s`` is waited after every byte, of the body (``slow="body"``) or of all from the status line on
    (``slow="head"``); ``promise`` is the Content-Length told, when it is not the true one. ``raw`` is a status line and
    headers to send instead of ours, the empty line included; the connection ends after such an answer.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    pause_s: float = 0.0
    slow: str = "body"
    promise: int | None = None
    raw: bytes = b""


Script = Callable[[Request], Answer]


@dataclass(slots=True)
class S3Double:
    """A running double: its endpoint, how many connections it took, and every request in order."""

    endpoint: str
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def listings(self) -> list[Request]:
        """The requests for pages of keys."""
        return [r for r in self.requests if r.is_listing]


@contextlib.contextmanager
def s3_double(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[S3Double]:
    """Serve a script on a free port of loopback until the block ends; over TLS where a context is given."""
    ended = threading.Event()
    server = _Server(("127.0.0.1", 0), _handler(script, ended))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    double = S3Double(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}")
    server.double = double
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    double: S3Double

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Keep quiet: clients break off here on purpose."""


def _handler(script: Script, ended: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            _double(self).connections += 1

        def answer(self) -> None:
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                unquote(parts.path, errors="surrogateescape"),
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.path,
            )
            _double(self).requests.append(request)
            with contextlib.suppress(OSError):  # the client may well give up on us
                self._send(script(request), bodiless=self.command == "HEAD")

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_CONNECT = answer  # noqa: N815 - the names http.server looks for

        def _send(self, answer: Answer, *, bodiless: bool) -> None:
            promise = len(answer.body) if answer.promise is None else answer.promise
            lines = [f"HTTP/1.1 {answer.status} Scripted", f"Content-Length: {promise}"]
            lines += [f"{name}: {value}" for name, value in answer.headers]
            head = answer.raw or ("\r\n".join(lines) + "\r\n\r\n").encode()
            body = b"" if bodiless else answer.body
            if answer.pause_s:
                quick, slow = (b"", head + body) if answer.slow == "head" else (head, body)
                self.wfile.write(quick)
                self._trickle(slow, answer.pause_s)
            else:
                self.wfile.write(head + body)
            if answer.raw or promise != len(answer.body):
                self.close_connection = True

        def _trickle(self, content: bytes, pause_s: float) -> None:
            for byte in content:
                self.wfile.write(bytes((byte,)))
                self.wfile.flush()
                if ended.wait(pause_s):
                    return

        def log_message(self, *_args: object) -> None:
            """Keep quiet: the requests are kept in ``S3Double.requests``."""

    return Handler


def _double(handler: BaseHTTPRequestHandler) -> S3Double:
    assert isinstance(handler.server, _Server)
    return handler.server.double


def page(
    keys: Sequence[str | bytes],
    token: str | None = None,
    *,
    encoded: bool = True,
    storage_class: str = "STANDARD",
    sizes: Sequence[int] | None = None,
    folders: Sequence[bytes] = (),
) -> Answer:
    """One page of a listing, ``token`` being where the next one begins; without ``sizes`` a key's is its place."""
    common = "".join(f"<CommonPrefixes><Prefix>{_key(f, encoded=encoded)}</Prefix></CommonPrefixes>" for f in folders)
    contents = "".join(
        f"<Contents><Key>{_key(key, encoded=encoded)}</Key><LastModified>2024-02-29T12:34:56.789Z</LastModified>"
        f"<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>{size}</Size>"
        f"<StorageClass>{storage_class}</StorageClass></Contents>"
        for key, size in zip(keys, sizes if sizes is not None else range(len(keys)), strict=True)
    )
    more = "<IsTruncated>false</IsTruncated>"
    if token is not None:
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{escape(token)}</NextContinuationToken>"
    form = "<EncodingType>url</EncodingType>" if encoded else ""
    return _xml(f'<ListBucketResult xmlns="{_NAMESPACE}">{form}{more}{contents}{common}</ListBucketResult>')


def error(status: int, code: str, message: str = "scripted", *, more: str = "") -> Answer:
    """An error answer of S3; ``more`` is further XML inside it."""
    return _xml(f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}</Error>", status)


def bucket_of(keys: Iterable[str | bytes], page_size: int = 3, sizes: Mapping[bytes, int] | None = None) -> Script:
    """A well-behaved bucket: in order of the keys' bytes; ``start-after``, tokens and delimiters heeded, no settings.

    A set of keys is looked at anew for each answer, so it may change meanwhile.
    """
    held = sorted(map(_raw, keys)) if not isinstance(keys, set) else None

    def script(request: Request) -> Answer:
        if not request.is_listing:
            return _other(request)
        after = unquote_to_bytes(request.query.get("continuation-token") or quote(request.query.get("start-after", "")))
        prefix, delimiter = (request.query.get(name, "").encode() for name in ("prefix", "delimiter"))
        ordered = sorted(map(_raw, keys)) if held is None else held
        beneath = (k for k in ordered[0 if delimiter else bisect_right(ordered, after) :] if k.startswith(prefix))
        rolled = dict.fromkeys(_rolled(k, len(prefix), delimiter) for k in beneath)  # each once, still in order
        left = [one for one in rolled if one[0] > after]
        size = min(page_size, int(request.query.get("max-keys", "1000")))
        token = quote(left[size - 1][0]) if len(left) > size else None
        objects = [key for key, folder in left[:size] if not folder]
        folders = [key for key, folder in left[:size] if folder]
        told = [sizes[k] for k in objects] if sizes is not None else None
        return page(objects, token, sizes=told, folders=folders)

    return script


def _raw(key: str | bytes) -> bytes:
    return key if isinstance(key, bytes) else key.encode()


def _rolled(key: bytes, start: int, delimiter: bytes) -> tuple[bytes, bool]:
    """A key, or the folder that stands for it where a delimiter was asked for; and whether it is one."""
    end = key.find(delimiter, start) if delimiter else -1
    return (key, False) if end < 0 else (key[: end + len(delimiter)], True)


def repeats_token(keys: Sequence[str]) -> Script:
    """Every page comes with the same continuation token, and is the same page."""
    return _listing(lambda _request, _number: page(keys, "again"))


def fresh_tokens_same_page(keys: Sequence[str]) -> Script:
    """Every page is the same one, but its continuation token is always new."""
    return _listing(lambda _request, number: page(keys, f"token-{number}"))


def pages_of(*pages: Sequence[str]) -> Script:
    """The given pages whatever is asked for, in turn, the last one without a token."""

    def answer(request: Request, _number: int) -> Answer:
        at = int(request.query.get("continuation-token", "0"))
        return page(pages[at], str(at + 1) if at + 1 < len(pages) else None)

    return _listing(answer)


def storm(times: int, then: Script, status: int = 503, code: str = "SlowDown") -> Script:
    """As many refusals for going too fast, then the other script."""
    numbers = count()
    return lambda request: error(status, code) if next(numbers) < times else then(request)


def instead(at: int, answer: Answer, then: Script, *, times: int = 1) -> Script:
    """Another answer to the listing numbered ``at``, from 0, and to those after it up to ``times``."""
    numbers = count()

    def script(request: Request) -> Answer:
        return answer if request.is_listing and at <= next(numbers) < at + times else then(request)

    return script


def dropped(answer: Answer, after: int) -> Answer:
    """The same answer, but the line ends after so many bytes of its body, or in its head where that is none."""
    head = b"HTTP/1.1 200 OK\r\n"
    full = f"Content-Length: {len(answer.body)}\r\n\r\n".encode()
    return Answer(body=answer.body[:after], raw=head + full if after else head)


def truncated_xml(keys: Sequence[str]) -> Script:
    """Pages that end in the middle of an element, though their length is right."""
    return _listing(lambda _request, _number: Answer(body=page(keys).body[:-40]))


def raw_control_characters(keys: Sequence[str]) -> Script:
    """Keys as character references whatever encoding was asked for, so that a control character breaks the XML."""
    good = bucket_of(keys, 1000)

    def script(request: Request) -> Answer:
        answer = good(request)
        if not request.is_listing:
            return answer
        body = answer.body.decode().replace("<EncodingType>url</EncodingType>", "")
        return Answer(body=body.replace("%08", "&#x8;").encode())

    return script


def redirects(to: str, status: int = 307, code: str = "TemporaryRedirect", region: str | None = None) -> Script:
    """Every request is sent to another place."""
    more = f"<Endpoint>{escape(urlsplit(to).netloc)}</Endpoint>"
    headers: tuple[tuple[str, str], ...] = (("Location", to),)
    if region is not None:
        headers += (("x-amz-bucket-region", region),)
    return lambda _request: Answer(status, error(status, code, more=more).body, headers)


def _other(request: Request) -> Answer:
    """The bucket is there; nothing else can be asked of it."""
    return Answer() if request.method == "HEAD" else error(501, "NotImplemented")


def _listing(answer: Callable[[Request, int], Answer]) -> Script:
    numbers = count()
    return lambda request: answer(request, next(numbers)) if request.is_listing else _other(request)


def _key(key: str | bytes, *, encoded: bool) -> str:
    raw = key if isinstance(key, bytes) else key.encode()
    return quote(raw, safe="/~.-_*") if encoded else escape(raw.decode())


def _xml(text: str, status: int = 200) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Answer(status, body, (("Content-Type", "application/xml"),))
