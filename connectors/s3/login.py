"""Who logs in: the credentials, found once for all connections of a source, and the client that knows S3's requests."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)
from botocore.loaders import Loader

from connectors.s3.answer import instant
from connectors.s3.options import S3Options
from connectors.s3.refusal import refusal, short
from scanner.model import SourceError
from scanner.secrets import remember

Send = Callable[..., AWSResponse]
SENDER: ContextVar[Send] = ContextVar("sender")
"""How the requests leave that the client makes just now: each connection has a transport of its own."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the keys of a bucket are asked for, as the client found out: its address, region and headers."""

    url: str
    region: str
    headers: dict[str, str]


class Login:
    """Credentials, and the client made with them, which several threads may use at once."""

    def __init__(self, options: S3Options) -> None:
        """Find the credentials; nothing is sent to the source."""
        # Its debug lines hold every header, the session token among them.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self.host = options.endpoint or "Amazon S3"
        try:
            self.client, self.credentials = _botocore_client(options)
        except (BotoCoreError, ValueError, OSError) as error:
            raise no_login(error, self.host) from None
        self.region = str(self.client.meta.region_name)
        self.endpoint = str(self.client.meta.endpoint_url)
        self.routes: dict[str, Route] = {}
        self.client.meta.events.register("before-send.s3", _send)


_logins: dict[int, Login] = {}
_guard = threading.Lock()


def login_of(options: S3Options) -> Login:
    """The login of a source, made at the first call. Raises SourceError."""
    with _guard:
        found = _logins.get(id(options))
        if found is None:
            found = Login(options)
            if id(options) not in _logins:
                weakref.finalize(options, _logins.pop, id(options), None)
            _logins[id(options)] = found
        return found


def forget_login(options: S3Options) -> None:
    """Find the credentials anew when they are wanted next: these are refused, or have run out."""
    with _guard:
        _logins.pop(id(options), None)


def _send(request: AWSPreparedRequest, event_name: str, **_event: object) -> AWSResponse:
    return SENDER.get()(request, event_name)


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
        return "path" if path_style_of(options) else "auto"
    return "path" if options.path_style else "virtual"


def path_style_of(options: S3Options) -> bool:
    """Whether the bucket stands in the path: at Amazon it is the host's name, elsewhere few servers know that."""
    return options.path_style if options.path_style is not None else options.endpoint is not None


class _Descriptions(Loader):  # type: ignore[misc]  # the driver has no types
    """The client's descriptions, without a look into the folders of some four hundred services for what each holds."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - what is missing, loading tells
        """Every folder: one that holds no such description is told when it is loaded."""
        folders = (Path(place) for place in self.search_paths)
        return sorted({one.name for folder in folders if folder.is_dir() for one in folder.iterdir() if one.is_dir()})


@cache
def _descriptions() -> Any:
    """The client's own descriptions of services, read once for all connectors: most of what making one costs."""
    return _Descriptions()


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


def no_login(error: Exception, where: str) -> SourceError:
    """Why nobody can log in, as one of our codes."""
    if isinstance(error, ProfileNotFound | NoCredentialsError | PartialCredentialsError):
        return SourceError(
            "SECRET_MISSING", f"{error}; set access_key and secret_key, profile, or anonymous", where=where
        )
    if isinstance(error, SSOTokenLoadError | UnauthorizedSSOTokenError):
        return SourceError("AUTH_EXPIRED", short(str(error)), where=where)
    if isinstance(error, CredentialRetrievalError):
        return SourceError("AUTH_REFUSED", short(str(error)), where=where)
    return SourceError("OTHER", short(f"{type(error).__name__}: {error}"), where=where)
