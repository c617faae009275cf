"""AWS Signature Version 4, as a server checks it and as a plain client makes it; independent of any S3 library.

Source: IAM User Guide, "Create a signed AWS API request" (undated).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

from scanner.testing.s3_double import Answer, Request, Script, error

_EMPTY = hashlib.sha256(b"").hexdigest()
_SKEW = timedelta(minutes=15)
"""How far the clocks may differ (S3 API reference, "RequestTimeTooSkewed")."""


@dataclass(frozen=True, slots=True)
class Login:
    """Keys that a double takes; with ``token`` they are temporary ones."""

    access_key: str
    secret_key: str
    token: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


def checked(script: Script, login: Login, clock: Callable[[], datetime] = _now) -> Script:
    """The script for whoever signs with these keys; refusals for everybody else, as S3 words them."""

    def guarded(request: Request) -> Answer:
        refused = _refused(request, login, clock())
        return refused if refused is not None else script(request)

    return guarded


def _refused(request: Request, login: Login, now: datetime) -> Answer | None:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    key, *scope = parts.get("Credential", "").split("/")
    if scheme != "AWS4-HMAC-SHA256" or len(scope) != 4:
        return error(403, "AccessDenied", "nobody signed this")
    if key != login.access_key:
        return error(403, "InvalidAccessKeyId")
    stamp = request.headers.get("x-amz-date", "")
    if abs(datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) - now) > _SKEW:
        answer = error(403, "RequestTimeTooSkewed")
        return Answer(403, answer.body, (("Date", format_datetime(now, usegmt=True)),))
    names = parts.get("SignedHeaders", "").split(";")
    given = [(name, request.headers.get(name, "")) for name in names]
    payload = request.headers.get("x-amz-content-sha256", _EMPTY)
    signature = _signature(request.method, request.target, given, payload, login.secret_key, stamp, scope)
    if not hmac.compare_digest(signature, parts.get("Signature", "")):
        return error(403, "SignatureDoesNotMatch")
    if request.headers.get("x-amz-security-token", "") != login.token:
        return error(400, "InvalidToken")
    return None


def signed_headers(
    method: str, url: str, login: Login, *, payload: bytes = b"", more: Mapping[str, str]
) -> dict[str, str]:
    """The headers of a signed request to S3 in us-east-1; the URL must be encoded as it is sent."""
    parts = urlsplit(url)
    stamp = _now().strftime("%Y%m%dT%H%M%SZ")
    body = hashlib.sha256(payload).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": body, "x-amz-date": stamp, **more}
    if login.token:
        headers["x-amz-security-token"] = login.token
    scope = [stamp[:8], "us-east-1", "s3", "aws4_request"]
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    given = sorted(headers.items())
    signature = _signature(method, target, given, body, login.secret_key, stamp, scope)
    names = ";".join(name for name, _value in given)
    credential = "/".join((login.access_key, *scope))
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return headers


def _signature(
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    payload: str,
    secret: str,
    stamp: str,
    scope: list[str],
) -> str:
    path, _, query = target.partition("?")
    pairs = sorted(p.partition("=")[::2] for p in query.split("&") if p)
    lines = [f"{name}:{' '.join(value.split())}" for name, value in headers]
    names = ";".join(name for name, _value in headers)
    canonical = "\n".join([method, path or "/", "&".join("=".join(p) for p in pairs), *lines, "", names, payload])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
