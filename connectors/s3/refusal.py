"""What a server's error answer means: one of our codes, and whether trying again may help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scanner.model import SourceError
from scanner.secrets import scrub

_REFUSED = frozenset({
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId", "InvalidSecurity",
    "UnrecognizedClientException", "AuthFailure", "NotSignedUp", "Unauthorized", "AuthorizationHeaderMalformed",
    "CredentialsNotSupported",
})  # fmt: skip
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"})
_SLOWER = frozenset({
    "SlowDown", "SlowDownRead", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "RequestLimitExceeded", "TooManyRequests", "TooManyRequestsException",
    "BandwidthLimitExceeded", "ServiceUnavailable",
})  # fmt: skip
_DENIED = frozenset({
    "AccessDenied", "AllAccessDisabled", "AccountProblem", "AccessForbidden", "UnauthorizedAccess", "Forbidden",
    "MethodNotAllowedByPolicy", "RequestPayerRequired",
})  # fmt: skip
_GONE = frozenset({"NoSuchBucket", "NoSuchKey", "NotFound", "NoSuchVersion"})
_ELSEWHERE = frozenset({"PermanentRedirect", "TemporaryRedirect", "Redirect", "IncorrectEndpoint"})
_NOT_OFFERED = frozenset({
    "NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "NotSupported", "XNotImplemented", "UnknownOperation",
})  # fmt: skip

_LONGEST_WAIT_S = 600
"""Seconds of the longest wait that a server is granted at once."""

_SKEW = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})


class UnreadableError(SourceError):
    """An answer that came, and cannot be read; one about fewer keys perhaps can."""

    def __init__(self, detail: str, *, where: str) -> None:
        super().__init__("IO_ERROR", detail, where=where, transient=True)


class NotOfferedError(SourceError):
    """An answer to something else than what was asked: the server does not know such a request."""

    def __init__(self, *, where: str) -> None:
        super().__init__("OTHER", "the answer is a list of keys: the server does not know this request", where=where)


class RefusalError(SourceError):
    """An answer of the server that is an error: ``kind`` is its own code, ``status`` its HTTP status."""

    def __init__(self, code: str, detail: str, *, where: str, transient: bool, kind: str, status: int) -> None:
        super().__init__(code, detail, where=where, transient=transient)
        self.kind = kind
        self.status = status

    @property
    def not_offered(self) -> bool:
        """Whether the server says that it does not know this kind of request."""
        return self.kind in _NOT_OFFERED or self.status in (405, 501)


def refusal(answer: Mapping[str, Any], where: str) -> RefusalError:
    """The error answer of a server as one of our codes, with the server's own words and no more of it."""
    error = answer.get("Error", {})
    metadata = answer.get("ResponseMetadata", {})
    kind, status = str(error.get("Code", "")), int(metadata.get("HTTPStatusCode", 0))
    detail = short(f"{kind} (HTTP {status}): {error.get('Message', '')}".rstrip(": "))
    code, transient = _judged(kind, status)
    if kind in _SKEW:
        detail = f"{_skew(metadata.get('HTTPHeaders', {}))}: {detail}"
    if code == "REDIRECT_REFUSED":
        place = error.get("Endpoint") or metadata.get("HTTPHeaders", {}).get("location") or "an unnamed place"
        detail = short(f"the server sends us to {place}: {detail}")
    return RefusalError(code, detail, where=where, transient=transient, kind=kind, status=status)


def _judged(kind: str, status: int) -> tuple[str, bool]:
    """Code and whether trying again may help; the server's own code first, then its HTTP status."""
    for kinds, code, transient in (
        (_REFUSED, "AUTH_REFUSED", False),
        (_EXPIRED, "AUTH_EXPIRED", False),
        (_SLOWER, "THROTTLED", True),
        (_DENIED, "DENIED", False),
        (_GONE, "NOT_FOUND", False),
        (_ELSEWHERE, "REDIRECT_REFUSED", False),
        (_SKEW, "CLOCK_SKEW", False),
    ):
        if kind in kinds:
            return code, transient
    by_status = {401: "AUTH_REFUSED", 403: "DENIED", 404: "NOT_FOUND", 429: "THROTTLED", 503: "THROTTLED"}
    if status in by_status:
        return by_status[status], by_status[status] == "THROTTLED"
    if 300 <= status < 400:
        return "REDIRECT_REFUSED", False
    if kind in ("RequestTimeout", "RequestTimeoutException"):
        return "TIMEOUT", True
    return ("IO_ERROR", True) if status >= 500 and status != 501 else ("OTHER", False)


def retry_after(answer: Mapping[str, Any]) -> float:
    """Seconds that an answer asks to wait, 0 where it names none; as seconds or as a date, and never without end."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    text = str(headers.get("retry-after") or headers.get("Retry-After") or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), _LONGEST_WAIT_S))
    try:
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, min(wait, float(_LONGEST_WAIT_S)))


def _skew(headers: Mapping[str, str]) -> str:
    """Whose clock is how far off, as far as the answer's Date header tells."""
    ahead = clock_ahead_s(headers.get("date", ""))
    if ahead is None:
        return "this machine's clock and the server's differ"
    return f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"


def clock_ahead_s(date: str) -> float | None:
    """Seconds that this machine's clock is ahead of the one that gave this Date header; None where it is no date."""
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return None


def short(text: str) -> str:
    """One line without secrets, of a length that a fault can carry."""
    return scrub(" ".join(text.split()))[:300]
