"""The S3 client: one set of credentials, one attempt a request, every failure told as a SourceError."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import ParseError

import botocore.session
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
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
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError

from connectors.s3.answer import instant, read_page
from connectors.s3.listing import Page
from connectors.s3.options import S3Options
from connectors.s3.refusal import NotOfferedError, UnreadableError, refusal, retry_after, short
from connectors.s3.transport import Body, Transport
from scanner.connector import Session
from scanner.model import SourceError
from scanner.secrets import remember

_ROOT = re.compile(rb"<(?:\w+:)?([A-Za-z]\w*)")
_RESPONSE = re.compile("(Get|List)Bucket[A-Za-z]*Response")
_KEYS = re.compile(rb"<(?:\w+:)?ListBucketResult\b")


class Client:
    """The requests of one source; every one a GET or HEAD, every failure a SourceError."""

    def __init__(self, options: S3Options, session: Session) -> None:
        """Find the credentials and make ready; nothing is sent to the source yet."""
        # Its debug lines hold every header, the session token among them.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self.host = options.endpoint or "Amazon S3"
        try:
            self._client, self._credentials = _botocore_client(options)
        except (BotoCoreError, ValueError, OSError) as error:
            raise _no_login(error, self.host) from None
        self.region = str(self._client.meta.region_name)
        self.endpoint = str(self._client.meta.endpoint_url)
        self.path_style = _path_style(options)
        self.domain = _domain(self.endpoint, self.region)
        suffix = "" if options.endpoint else self.domain
        self._slow = session.slow
        self.transport = Transport(session, self.endpoint, suffix, options.ca_bundle, insecure=options.insecure_tls)
        self._client.meta.events.register("before-send.s3", self._send)
        self._pages: list[Page] = []
        self._root = ""
        self._payer: dict[str, str] = {"RequestPayer": "requester"} if options.requester_pays else {}

    def get(self, operation: str, where: str, **parameters: object) -> Mapping[str, Any]:
        """The parsed answer of one operation, named as the client names it; ``where`` is for the error."""
        call: Callable[..., Mapping[str, Any]] = getattr(self._client, operation)
        try:
            return call(**parameters)
        except ClientError as error:
            raise self._refusal(error.response, where) from None
        except ResponseParserError as error:
            raise UnreadableError(short(f"the answer is no S3 answer: {error}"), where=where) from None
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
            raise _no_login(error, self.host) from None
        except InvalidRegionError as error:
            raise SourceError("REDIRECT_REFUSED", short(str(error)), where=where) from None
        except BotoCoreError as error:
            raise SourceError("OTHER", short(f"{type(error).__name__}: {error}"), where=where) from None
        except (ParseError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            # The client's parser takes an answer at its word: a number that is none ends in whatever ``int`` raises.
            detail = short(f"the answer is no S3 answer: {type(error).__name__}: {error}")
            raise UnreadableError(detail, where=where) from None

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
        self.get_objects("list_objects_v2", bucket, Bucket=bucket, EncodingType="url", **parameters)
        if not self._pages:
            raise SourceError("IO_ERROR", "the answer is no list of keys", where=bucket, transient=True)
        return self._pages.pop()

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

    def _send(self, request: AWSPreparedRequest, event_name: str, **_event: object) -> AWSResponse:
        """Answer a request, and take a page of keys out of the answer: the client would parse it twice, and slowly."""
        answer = self.transport.send(request)
        if answer.status_code != 200 or request.method != "GET" or request.stream_output:
            return answer
        if not event_name.endswith(".ListObjectsV2"):
            if _KEYS.search(answer.content, 0, 1000):
                # Servers that disregard what they do not know list the bucket: it would read as "nothing is set".
                raise NotOfferedError(where=self.host)
            root = _ROOT.search(answer.content, 0, 1000)
            self._root = root[1].decode() if root else ""
            return answer
        try:
            page = read_page(answer.content)
        except ValueError as error:
            raise UnreadableError(short(str(error)), where=self.host) from None
        if page is None:
            return answer
        self._pages.append(page)
        return AWSResponse(answer.url, answer.status_code, answer.headers, Body(b"<ListBucketResult/>"))

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()
        self._client.close()


def _botocore_client(options: S3Options) -> tuple[Any, Any]:
    """A client that makes one attempt, and its credentials; None where nobody logs in."""
    own = options.access_key is not None or options.anonymous
    # With credentials of its own, a source is not touched by whatever AWS configuration this machine has.
    nothing = (None, None, os.devnull, None)
    alone = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    session = botocore.session.Session(session_vars=alone if own else None, profile=options.profile)
    session.register_component("data_loader", _descriptions())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=instant)
    if not options.instance_role:
        session.get_component("credential_provider").remove("iam-role")
    keys: dict[str, str] = {}
    credentials: Any = None
    if options.access_key is not None and options.secret_key is not None:
        keys["aws_access_key_id"] = options.access_key.reveal()
        keys["aws_secret_access_key"] = options.secret_key.reveal()
        if options.session_token is not None:
            keys["aws_session_token"] = options.session_token.reveal()
        credentials = Credentials(*keys.values())
    elif not options.anonymous:
        credentials = _find_credentials(session)
    region = options.region or session.get_config_variable("region") or "us-east-1"
    config = Config(
        signature_version=UNSIGNED if options.anonymous else "s3v4",
        s3={"addressing_style": _addressing(options)},
        retries={"total_max_attempts": 1, "mode": "standard"},  # the engine retries, and paces what it retries
        ignore_configured_endpoint_urls=True,  # the estate file alone says where credentials are sent
        response_checksum_validation="when_required",
        user_agent_extra="stocktake",
    )
    client = session.create_client("s3", region_name=region, endpoint_url=options.endpoint, config=config, **keys)
    return client, credentials


def _addressing(options: S3Options) -> str:
    """The client's own word for it; its "auto" would disregard the choice where there is an endpoint."""
    if options.path_style is None:
        return "path" if _path_style(options) else "auto"
    return "path" if options.path_style else "virtual"


def _path_style(options: S3Options) -> bool:
    """Whether the bucket stands in the path: at Amazon it is the host's name, elsewhere few servers know that."""
    return options.path_style if options.path_style is not None else options.endpoint is not None


@cache
def _descriptions() -> Any:
    """The client's own descriptions of services, read once for all connectors: most of what making one costs."""
    return create_loader()


def _find_credentials(session: Any) -> Any:
    """Resolve the profile or the default chain now, and make its secrets known to the scrubber."""
    try:
        credentials = session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials is not None else None
    except ClientError as error:  # of the service that lends roles
        refused = refusal(error.response, "credentials")
        code = refused.code if refused.transient or refused.code == "AUTH_EXPIRED" else "AUTH_REFUSED"
        raise SourceError(code, refused.detail, where=refused.where, transient=refused.transient) from None
    except (OSError, ValueError) as error:  # of a program that was to tell them
        detail = short(f"the profile's program tells no credentials: {type(error).__name__}: {error}")
        raise SourceError("SECRET_MISSING", detail, where="credentials") from None
    if frozen is None:
        raise NoCredentialsError
    for secret in (frozen.secret_key, frozen.token):
        if secret:
            remember(secret)
    return credentials


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
        return SourceError("AUTH_EXPIRED", short(str(error)), where=where)
    if isinstance(error, CredentialRetrievalError):
        return SourceError("AUTH_REFUSED", short(str(error)), where=where)
    return SourceError("OTHER", short(f"{type(error).__name__}: {error}"), where=where)
