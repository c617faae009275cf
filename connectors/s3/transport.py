"""How requests leave: GET and HEAD only, to known hosts only, paced, with a deadline and a cap on every answer.

The client's ``before-send`` event lets a handler answer a signed request itself, and there ``Transport.send`` is asked.
So every request the client makes, its own redirects included, passes the guards here.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import DEFAULT_CA_BUNDLE
from botocore.utils import get_environ_proxies
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InsecureRequestWarning,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from connectors.s3.options import host_and_port, is_loopback, is_metadata_address
from connectors.s3.refusal import UnreadableError, clock_ahead_s
from connectors.s3.watchdog import Watchdog
from scanner.connector import Session
from scanner.model import SourceError
from scanner.secrets import remember, scrub

ANSWER_LIMIT = 8 * 1024 * 1024
"""Bytes of the longest answer taken; a page of 1,000 keys of 1,024 escaped bytes is about 4 MB."""

_PIECE = 512 * 1024
"""Bytes read at once: most answers come in one piece."""

_REGION = "x-amz-bucket-region"


class Transport:
    """Sends the requests of one client; not shared between threads."""

    def __init__(
        self, session: Session, endpoint_url: str, suffix: str, ca_bundle: Path | None, *, insecure: bool = False
    ) -> None:
        """``suffix`` is the domain that redirects may stay within; '' allows the endpoint's own host only."""
        parts = urlsplit(endpoint_url)
        self._session = session
        self._scheme = parts.scheme
        self._host, self._port = host_and_port(parts)
        self._where = f"{self._host}:{self._port}"
        self._suffix = suffix or self._host
        self._ca_bundle = ca_bundle
        self._insecure = insecure
        self._date = ""
        self._watchdog = Watchdog()
        self._manager: urllib3.PoolManager | None = None
        self._resolved: set[str] = set()
        self.answer_limit = ANSWER_LIMIT

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer one signed request. Raises SourceError for whatever keeps the answer from coming whole."""
        if request.method not in ("GET", "HEAD"):
            raise RuntimeError(f"a connector only reads: {request.method} was not sent")
        parts = urlsplit(request.url)
        self._check_host(parts.scheme, *host_and_port(parts))
        self._session.pace()
        with self._watchdog.armed(self._session.timeout_s):
            try:
                return self._exchange(request, request.url[len(parts.scheme) + 3 + len(parts.netloc) :])
            except (HTTPError, OSError) as error:
                raise self._translated(error) from None

    @property
    def tls(self) -> str | None:
        """Version of TLS that the line speaks, None where it speaks none or there has been no line."""
        return self._watchdog.tls

    @property
    def clock_ahead_s(self) -> str | None:
        """Whole seconds that this machine's clock is ahead of the server's, as of its last answer."""
        ahead = clock_ahead_s(self._date)
        return None if ahead is None else f"{ahead:.0f}"

    def close(self) -> None:
        """Close every connection."""
        if self._manager is not None:
            self._manager.clear()
            self._manager = None
        self._watchdog.close()

    def _exchange(self, request: AWSPreparedRequest, target: str) -> AWSResponse:
        pool = self._pools().connection_from_url(request.url)
        answer = pool.urlopen(
            request.method,
            target or "/",
            headers=request.headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            body = self._body(answer)
        except BaseException:
            answer.close()
            raise
        self._date = answer.headers.get("date", "")
        if self._watchdog.fired:  # an answer without a length ends like a closed line
            raise TimeoutError
        body = self._checked(request, answer, body)
        return AWSResponse(request.url, answer.status, answer.headers, Body(body))

    def _checked(self, request: AWSPreparedRequest, answer: urllib3.BaseHTTPResponse, body: bytes) -> bytes:
        """The body, as far as it is fit for the client to read."""
        if request.method == "HEAD" and answer.status in (301, 302, 307) and _REGION not in answer.headers:
            # The client asks HEAD for the region of a redirected bucket, and would ask again because of this answer.
            to = answer.headers.get("location", "an unnamed place")
            raise SourceError("REDIRECT_REFUSED", scrub(f"the server sends us to {to}"), where=self._where)
        # No entity is ever expanded. Expat takes two-byte encodings, in which every other byte of markup is NUL, and
        # others only where ASCII is part of them.
        typed = b"<!DOCTYPE" in body or b"\0" in body
        if not 200 <= answer.status < 300:
            return b"" if typed else body
        if request.method != "GET" or request.stream_output:
            return body
        if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"<", b"{") or typed:
            # A proxy's page, or nothing at all, must never pass for an empty bucket.
            raise SourceError("IO_ERROR", "the answer is no S3 answer", where=self._where, transient=True)
        return body

    def _body(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        body = bytearray()
        for chunk in answer.stream(_PIECE, decode_content=False):
            body += chunk
            if len(body) > self.answer_limit:
                raise UnreadableError(f"the answer is longer than {self.answer_limit} bytes", where=self._where)
        return bytes(body)

    def _pools(self) -> urllib3.PoolManager:
        if self._manager is not None:
            return self._manager
        timeout = urllib3.Timeout(connect=self._session.timeout_s, read=self._session.timeout_s)
        url = f"{self._scheme}://{self._host}:{self._port}"
        # In the clear, or to this machine, nothing goes by a proxy.
        clear = self._scheme == "http" or is_loopback(self._host)
        proxy = None if clear else get_environ_proxies(url).get(self._scheme)
        manager: urllib3.PoolManager
        if proxy:
            headers = _proxy_login(proxy)
            manager = urllib3.ProxyManager(proxy, proxy_headers=headers, timeout=timeout, ssl_context=self._tls())
        elif self._scheme == "https":
            manager = urllib3.PoolManager(timeout=timeout, ssl_context=self._tls())
        else:
            manager = urllib3.PoolManager(timeout=timeout)
        manager.pool_classes_by_scheme = self._watchdog.pool_classes()
        self._manager = manager
        return manager

    def _tls(self) -> ssl.SSLContext:
        """Certificates are verified against ``ca_bundle``, else the system's and the client's authorities.

        Only where the source says ``insecure_tls`` they are not; that stands among its settings.
        """
        try:
            if self._insecure:
                return _unverified()
            context = _current(ssl.create_default_context(cafile=self._ca_bundle))
            if self._ca_bundle is None:
                context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE)
        except (OSError, ssl.SSLError) as error:
            raise SourceError("TLS_REFUSED", f"ca_bundle cannot be read: {error}", where=str(self._ca_bundle)) from None
        return context

    def _check_host(self, scheme: str, host: str, port: int) -> None:
        """Refuse to take the credentials anywhere but to the endpoint's own domain."""
        inside = host == self._host or host.endswith(f".{self._suffix}")
        if scheme != self._scheme or port != self._port or not inside:
            raise SourceError(
                "REDIRECT_REFUSED",
                f"it leads to {scheme}://{host}:{port}, outside of {self._scheme}://{self._suffix}:{self._port}",
                where=self._where,
            )
        if host not in self._resolved:
            self._check_address(host, port)
            self._resolved.add(host)

    def _check_address(self, host: str, port: int) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return  # a proxy may know it; else connecting says what is wrong
        if any(is_metadata_address(str(address[0])) for *_, address in found):
            raise SourceError("REDIRECT_REFUSED", "the name leads to a link-local or metadata address", where=host)

    def _translated(self, error: Exception) -> SourceError:
        where = self._where
        if isinstance(error, ProxyError) and " 407 " in str(error):
            # Another attempt would be another login.
            return SourceError("AUTH_REFUSED", "the proxy refused the login (HTTP 407)", where=where)
        if isinstance(error, NewConnectionError):
            return SourceError("UNREACHABLE", scrub(str(error)), where=where, transient=True)
        if self._watchdog.fired or isinstance(error, TimeoutError | ReadTimeoutError | ConnectTimeoutError):
            # A host that does not even accept is unreachable; one that stalls has timed out.
            code = "UNREACHABLE" if isinstance(error, ConnectTimeoutError) else "TIMEOUT"
            return SourceError(code, f"no answer within {self._session.timeout_s:g} s", where=where, transient=True)
        if isinstance(error, SSLError | ssl.SSLError):
            return SourceError("TLS_REFUSED", _tls_reason(error), where=where)
        return SourceError("UNREACHABLE", scrub(f"{type(error).__name__}: {error}"), where=where, transient=True)


def _proxy_login(proxy: str) -> dict[str, str] | None:
    """Headers that log in to a proxy of the environment, None where its address names nobody."""
    parts = urlsplit(proxy)
    if parts.username is None:
        return None
    password = unquote(parts.password or "")
    for form in (password, parts.password):
        if form:
            remember(form)
    return dict(urllib3.make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{password}"))


def _current(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context without TLS older than 1.2, which some systems' OpenSSL would still take."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _unverified() -> ssl.SSLContext:
    urllib3.disable_warnings(InsecureRequestWarning)  # it is told as a setting, and once is enough
    context = _current(ssl.create_default_context())
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_TLS_REASONS = (
    ("PROTOCOL_VERSION", "the server speaks only a TLS older than 1.2"),
    ("UNSUPPORTED_PROTOCOL", "the server speaks only a TLS older than 1.2"),
    ("WRONG_VERSION_NUMBER", "the server speaks no TLS there"),
    ("HANDSHAKE_FAILURE", "the server offers no cipher that is safe"),
)


def _tls_reason(error: Exception) -> str:
    """What the verification itself says, from however deep it was wrapped."""
    cause: object = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError) and cause.reason:
            said = next((words for mark, words in _TLS_REASONS if mark in cause.reason), "")
            return f"{said} ({cause.reason})" if said else cause.reason
        cause = next((a for a in getattr(cause, "args", ()) if isinstance(a, Exception)), None)
    return scrub(str(error))


class Body(io.BytesIO):
    """An answer's body, already here, in the shape the client reads it in."""

    def stream(self, amount: int = 65536, **_options: object) -> Iterator[bytes]:
        """The body, piece by piece."""
        while chunk := self.read(amount):
            yield chunk
