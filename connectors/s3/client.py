"""The S3 client: one set of credentials, one attempt a request, every failure told as a SourceError."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidRegionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from connectors.s3.listing import Page, instant, read_page
from connectors.s3.options import S3Options
from connectors.s3.transport import Transport
from scanner.connector import Session
from scanner.model import SourceError
from scanner.secrets import remember, scrub

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

_SKEW = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})


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


class Client:
    """The requests of one source; every one a GET or HEAD, every failure a SourceError."""

    def __init__(self, options: S3Options, session: Session) -> None:
        """Find the credentials and make ready; nothing is sent to the source yet."""
        # Its debug lines hold every header, the session token among them.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self.host = options.endpoint or "Amazon S3"
        try:
            self._client, region = _botocore_client(options)
        except (BotoCoreError, ValueError) as error:
            raise _no_login(error, self.host) from None
        endpoint = str(self._client.meta.endpoint_url)
        suffix = "" if options.endpoint else _domain(endpoint, region)
        self.transport = Transport(session, endpoint, suffix, options.ca_bundle)
        self._client.meta.events.register("before-send.s3", self.transport.send)
        # Before the client's own handlers, which parse the whole page once more to look for an error in it.
        self._client.meta.events.register_first("before-parse.s3.ListObjectsV2", self._take_page)
        self._pages: list[Page] = []
        self._payer: dict[str, str] = {"RequestPayer": "requester"} if options.requester_pays else {}

    def get(self, operation: str, where: str, **parameters: object) -> Mapping[str, Any]:
        """The parsed answer of one operation, named as the client names it; ``where`` is for the error."""
        call: Callable[..., Mapping[str, Any]] = getattr(self._client, operation)
        try:
            return call(**parameters)
        except ClientError as error:
            raise refusal(error.response, where) from None
        except ResponseParserError as error:
            detail = f"the answer is no S3 answer: {error}"
            raise SourceError("IO_ERROR", _short(detail), where=where, transient=True) from None
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
            raise _no_login(error, self.host) from None
        except InvalidRegionError as error:
            raise SourceError("REDIRECT_REFUSED", _short(str(error)), where=where) from None
        except BotoCoreError as error:
            raise SourceError("OTHER", _short(f"{type(error).__name__}: {error}"), where=where) from None

    def get_objects(self, operation: str, where: str, **parameters: object) -> Mapping[str, Any]:
        """``get`` for the operations that a requester may have to pay for."""
        return self.get(operation, where, **parameters, **self._payer)

    def page(self, bucket: str, **parameters: object) -> Page:
        """One page of keys, with its times, tags and classes."""
        self._pages.clear()
        self.get_objects("list_objects_v2", bucket, Bucket=bucket, EncodingType="url", **parameters)
        if not self._pages:
            raise SourceError("IO_ERROR", "the answer is no list of keys", where=bucket, transient=True)
        return self._pages.pop()

    def _take_page(self, response_dict: dict[str, Any], **_event: object) -> None:
        """Read a page of keys before the client does, and leave it an empty one."""
        if response_dict["status_code"] != 200:
            return
        try:
            page = read_page(response_dict["body"])
        except ValueError as error:
            raise SourceError("IO_ERROR", _short(str(error)), where=self.host, transient=True) from None
        if page is not None:
            self._pages.append(page)
            response_dict["body"] = b"<ListBucketResult/>"

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()
        self._client.close()


def _botocore_client(options: S3Options) -> tuple[Any, str]:
    """A client that makes one attempt, and the region it signs for."""
    own = options.access_key is not None or options.anonymous
    # With credentials of its own, a source is not touched by whatever AWS configuration this machine has.
    nothing = (None, None, os.devnull, None)
    alone = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    session = botocore.session.Session(session_vars=alone if own else None, profile=options.profile)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=instant)
    if not options.instance_role:
        session.get_component("credential_provider").remove("iam-role")
    keys: dict[str, str] = {}
    if options.access_key is not None and options.secret_key is not None:
        keys["aws_access_key_id"] = options.access_key.reveal()
        keys["aws_secret_access_key"] = options.secret_key.reveal()
        if options.session_token is not None:
            keys["aws_session_token"] = options.session_token.reveal()
    elif not options.anonymous:
        _find_credentials(session)
    region = options.region or session.get_config_variable("region") or "us-east-1"
    path_style = options.path_style if options.path_style is not None else options.endpoint is not None
    config = Config(
        signature_version=UNSIGNED if options.anonymous else "s3v4",
        s3={"addressing_style": "path" if path_style else "auto"},
        retries={"total_max_attempts": 1, "mode": "standard"},  # the engine retries, and paces what it retries
        ignore_configured_endpoint_urls=True,  # the estate file alone says where credentials are sent
        response_checksum_validation="when_required",
        user_agent_extra="stocktake",
    )
    client = session.create_client("s3", region_name=region, endpoint_url=options.endpoint, config=config, **keys)
    return client, str(region)


def _find_credentials(session: Any) -> None:
    """Resolve the profile or the default chain now, and make its secrets known to the scrubber."""
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    frozen = credentials.get_frozen_credentials()
    for secret in (frozen.secret_key, frozen.token):
        if secret:
            remember(secret)


def _domain(endpoint_url: str, region: str) -> str:
    """The provider's domain: what is left of an endpoint without service and region."""
    host = endpoint_url.partition("://")[2].partition(":")[0]
    _, found, domain = host.partition(f".{region}.")
    return domain if found else host.partition(".")[2]


def _no_login(error: Exception, where: str) -> SourceError:
    if isinstance(error, ProfileNotFound | NoCredentialsError | PartialCredentialsError):
        return SourceError(
            "SECRET_MISSING", f"{error}; set access_key and secret_key, profile, or anonymous", where=where
        )
    if isinstance(error, SSOTokenLoadError | UnauthorizedSSOTokenError):
        return SourceError("AUTH_EXPIRED", _short(str(error)), where=where)
    if isinstance(error, CredentialRetrievalError):
        return SourceError("AUTH_REFUSED", _short(str(error)), where=where)
    return SourceError("OTHER", _short(f"{type(error).__name__}: {error}"), where=where)


def refusal(answer: Mapping[str, Any], where: str) -> RefusalError:
    """The error answer of a server as one of our codes, with the server's own words and no more of it."""
    error = answer.get("Error", {})
    metadata = answer.get("ResponseMetadata", {})
    kind, status = str(error.get("Code", "")), int(metadata.get("HTTPStatusCode", 0))
    detail = _short(f"{kind} (HTTP {status}): {error.get('Message', '')}".rstrip(": "))
    code, transient = _judged(kind, status)
    if kind in _SKEW:
        detail = f"{_skew(metadata.get('HTTPHeaders', {}))}: {detail}"
    if code == "REDIRECT_REFUSED":
        place = error.get("Endpoint") or metadata.get("HTTPHeaders", {}).get("location") or "an unnamed place"
        detail = _short(f"the server sends us to {place}: {detail}")
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
        (_SKEW, "OTHER", False),
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


def _skew(headers: Mapping[str, str]) -> str:
    """Whose clock is how far off, as far as the answer's Date header tells."""
    try:
        ahead = (datetime.now(UTC) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return "this machine's clock and the server's differ"
    return f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"


def _short(text: str) -> str:
    """One line without secrets, of a length that a fault can carry."""
    return scrub(" ".join(text.split()))[:300]
