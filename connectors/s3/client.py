"""The S3 client: one set of credentials, one attempt a request, every failure told as a SourceError."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import ParseError

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidRegionError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from connectors.s3.answer import read_page
from connectors.s3.listing import Page
from connectors.s3.login import SENDER, Route, forget_login, login_of, no_login, path_style_of
from connectors.s3.options import S3Options
from connectors.s3.refusal import NotOfferedError, UnreadableError, refusal, retry_after, short
from connectors.s3.transport import Body, Transport
from scanner.connector import Session
from scanner.model import SourceError

_PARAMETERS = {
    "Prefix": "prefix", "Delimiter": "delimiter", "MaxKeys": "max-keys", "StartAfter": "start-after",
    "ContinuationToken": "continuation-token", "EncodingType": "encoding-type", "FetchOwner": "fetch-owner",
}  # fmt: skip
"""What the client's parameters of a listing are called in a request."""
_SIGNED_FOR = re.compile(r"AWS4-HMAC-SHA256 Credential=[^ ]*/([a-z0-9-]+)/s3/aws4_request,")
_HEADERS = ("User-Agent", "x-amz-request-payer")
_ROOT = re.compile(rb"<(?:\w+:)?([A-Za-z]\w*)")
_RESPONSE = re.compile("(Get|List)Bucket[A-Za-z]*Response")
_KEYS = re.compile(rb"<(?:\w+:)?ListBucketResult\b")


class Client:
    """The requests of one source; every one a GET or HEAD, every failure a SourceError."""

    def __init__(self, options: S3Options, session: Session) -> None:
        """Find the credentials and make ready; nothing is sent to the source yet."""
        self._login = login_of(options)
        self.host = self._login.host
        self._client, self._credentials = self._login.client, self._login.credentials
        self.region, self.endpoint = self._login.region, self._login.endpoint
        self.path_style = path_style_of(options)
        self.domain = _domain(self.endpoint, self.region)
        suffix = "" if options.endpoint else self.domain
        self._slow = session.slow
        self.transport = Transport(session, self.endpoint, suffix, options.ca_bundle, insecure=options.insecure_tls)
        self._options = options
        self._pages: list[Page] = []
        self._bucket = ""
        self._given: AWSResponse | None = None
        self._root = ""
        self._payer: dict[str, str] = {"RequestPayer": "requester"} if options.requester_pays else {}

    def get(self, operation: str, where: str, **parameters: object) -> Mapping[str, Any]:
        """The parsed answer of one operation, named as the client names it; ``where`` is for the error."""
        call: Callable[..., Mapping[str, Any]] = getattr(self._client, operation)
        sender = SENDER.set(self._send)
        try:
            return call(**parameters)
        except ClientError as error:
            raise self._refusal(error.response, where) from None
        except ResponseParserError as error:
            raise UnreadableError(short(f"the answer is no S3 answer: {error}"), where=where) from None
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
            raise no_login(error, self.host) from None
        except InvalidRegionError as error:
            raise SourceError("REDIRECT_REFUSED", short(str(error)), where=where) from None
        except BotoCoreError as error:
            raise SourceError("OTHER", short(f"{type(error).__name__}: {error}"), where=where) from None
        except (ParseError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            # The client's parser takes an answer at its word: a number that is none ends in whatever ``int`` raises.
            detail = short(f"the answer is no S3 answer: {type(error).__name__}: {error}")
            raise UnreadableError(detail, where=where) from None
        finally:
            SENDER.reset(sender)

    def described(self, operation: str, bucket: str, root: str) -> Mapping[str, Any]:
        """What a bucket says of itself; ``root`` is the XML element that the answer is.

        An answer that tells nothing is believed only when it is that, or a response to the operation by name (moto): a
        proxy's page is not "nothing is set".
        """
        answer = self.get(operation, bucket, Bucket=bucket)
        told = any(v not in (None, "", {}, []) for name, v in answer.items() if name != "ResponseMetadata")
        if root and not told and self._root != root and not _RESPONSE.fullmatch(self._root):
            raise UnreadableError(f"the answer is no {root}", where=bucket)
        return answer

    def _refusal(self, answer: Mapping[str, Any], where: str) -> SourceError:
        """What an error answer means; the engine is told when it asks for fewer requests."""
        refused = refusal(answer, where)
        if refused.code == "THROTTLED":
            self._slow(retry_after(answer))
        elif refused.code.startswith("AUTH_"):
            forget_login(self._options)
        return refused

    @property
    def identity(self) -> tuple[object, ...]:
        """What the login consists of, to be compared with another client's; never to be shown."""
        frozen = self._credentials.get_frozen_credentials() if self._credentials is not None else None
        return (None,) if frozen is None else (frozen.access_key, frozen.secret_key, frozen.token)

    def account_id(self) -> str:
        """Number of the account whose credentials these are, as Amazon's token service tells anybody who asks."""
        url = f"https://sts.{self.region}.{self.domain}/?Action=GetCallerIdentity&Version=2011-06-15"
        number = self.signed_get("sts", url, {}).findtext(".//{*}Account") or ""
        if not number.isdigit():
            raise SourceError("IO_ERROR", "the answer names no account", where="sts")
        return number

    def signed_get(self, service: str, url: str, headers: Mapping[str, str]) -> ET.Element:
        """The answer of a service beside S3 to one GET, which no description of the client's covers."""
        if self._credentials is None:
            raise SourceError("SECRET_MISSING", "nobody is logged in", where=service)
        request = AWSRequest("GET", url, headers=dict(headers))
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(self._credentials.get_frozen_credentials(), service, self.region).add_auth(request)
        answer = self.transport.send(request.prepare())
        try:
            root = ET.fromstring(answer.content)  # noqa: S314 - the transport lets no DTD, hence no entity, through
        except ET.ParseError as error:
            raise UnreadableError(f"the answer is broken: {error}", where=service) from None
        if answer.status_code != 200:
            told = {name: root.findtext(f".//{{*}}{name}") or "" for name in ("Code", "Message")}
            metadata = {"HTTPStatusCode": answer.status_code, "HTTPHeaders": answer.headers}
            raise self._refusal({"Error": told, "ResponseMetadata": metadata}, service)
        return root

    def get_objects(self, operation: str, where: str, **parameters: object) -> Mapping[str, Any]:
        """``get`` for the operations that a requester may have to pay for."""
        return self.get(operation, where, **parameters, **self._payer)

    def page(self, bucket: str, **parameters: object) -> Page:
        """One page of keys, with its times, tags and classes."""
        self._pages.clear()
        parameters = {**parameters, "EncodingType": "url"}
        self._bucket, self._given = bucket, self._ask_directly(bucket, parameters)
        try:
            if self._given is None or not self._is_page(self._given):
                # The client knows best how to ask for the first time, and what an answer means that is no page.
                self.get_objects("list_objects_v2", bucket, Bucket=bucket, **parameters)
        finally:
            self._given = None
        if not self._pages:
            raise SourceError("IO_ERROR", "the answer is no list of keys", where=bucket, transient=True)
        return self._pages.pop()

    def _ask_directly(self, bucket: str, parameters: Mapping[str, object]) -> AWSResponse | None:
        """The answer to a request as the client makes it, made here in a tenth of the time; None before the first."""
        route = self._login.routes.get(bucket)
        if route is None:
            return None
        try:
            told = (
                (_PARAMETERS[name], str(value).lower() if value is True else value)
                for name, value in parameters.items()
            )
            query = "".join(f"&{name}={quote(str(value), safe='-_.~')}" for name, value in told)
            request = AWSRequest("GET", f"{route.url}?list-type=2{query}", headers=route.headers)
            if route.region:
                frozen = self._credentials.get_frozen_credentials()
                S3SigV4Auth(frozen, "s3", route.region).add_auth(request)
        except (BotoCoreError, ClientError, UnicodeError):
            return None  # credentials that have run out, or a prefix that is no text: the client says it better
        return self.transport.send(request.prepare())

    def content(self, path: str, bucket: str, key: str, start: int, end: int) -> bytes:
        """Bytes of an object from ``start`` up to ``end``, or to its own end."""
        before, self.transport.answer_limit = self.transport.answer_limit, max(end - start, 65536)
        try:
            answer = self.get_objects("get_object", path, Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}")
            content: bytes = answer["Body"].read()
        except BotoCoreError as error:
            raise UnreadableError(short(str(error)), where=path) from None
        finally:
            self.transport.answer_limit = before
        if answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            content = content[start:end]  # the server took no notice of the range
        return content[: end - start]

    def _send(self, request: AWSPreparedRequest, event_name: str) -> AWSResponse:
        """Answer a request, and take a page of keys out of the answer: the client would parse it twice, and slowly."""
        answer, self._given = self._given or self.transport.send(request), None
        if answer.status_code != 200 or request.method != "GET" or request.stream_output:
            return answer
        if not event_name.endswith(".ListObjectsV2"):
            if _KEYS.search(answer.content, 0, 1000):
                # Servers that disregard what they do not know list the bucket: it would read as "nothing is set".
                raise NotOfferedError(where=self.host)
            root = _ROOT.search(answer.content, 0, 1000)
            self._root = root[1].decode() if root else ""
            return answer
        if not self._is_page(answer):
            return answer
        self._found(request)
        return AWSResponse(answer.url, answer.status_code, answer.headers, Body(b"<ListBucketResult/>"))

    def _is_page(self, answer: AWSResponse) -> bool:
        """Whether an answer is a page of keys; then it is kept. Raises UnreadableError where it is a broken one."""
        if answer.status_code != 200:
            return False
        try:
            page = read_page(answer.content)
        except ValueError as error:
            raise UnreadableError(short(str(error)), where=self.host) from None
        if page is not None:
            self._pages.append(page)
        return page is not None

    def _found(self, request: AWSPreparedRequest) -> None:
        """Keep the way to a bucket that the client took: pages to come go it without the client."""
        headers = {name: _text(value) for name, value in request.headers.items()}
        signed = _SIGNED_FOR.match(headers.get("Authorization", ""))
        if signed or (self._credentials is None and "Authorization" not in headers):
            kept = {name: headers[name] for name in _HEADERS if name in headers}
            route = Route(request.url.partition("?")[0], signed[1] if signed else "", kept)
            self._login.routes[self._bucket] = route

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()


def _domain(endpoint_url: str, region: str) -> str:
    """The provider's domain: what is left of an endpoint without service and region."""
    host = endpoint_url.partition("://")[2].partition(":")[0]
    _, found, domain = host.partition(f".{region}.")
    return domain if found else host.partition(".")[2]


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
