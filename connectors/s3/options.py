"""Settings of an S3 source, and how a person writes one."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from scanner.connector import Account
from scanner.secrets import SecretRef

BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}\Z")
"""What may name a bucket, with some room for what servers other than Amazon's allow."""

_AWS = "s3.amazonaws.com:443"
_METADATA = frozenset({"fd00:ec2::254", "100.100.100.200"})
"""Addresses of cloud metadata services that are not link-local."""


class S3Options(BaseModel):
    """One bucket, a prefix of one, or every bucket of an account, at Amazon or at any endpoint that speaks S3."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    root: str = Field(description="s3://bucket, s3://bucket/prefix, or s3:// for every bucket of the account")
    endpoint: str | None = Field(default=None, description="URL of the server; Amazon S3 where it is left out")
    region: str | None = Field(default=None, description="Region to sign for; buckets elsewhere are found by redirect")
    profile: str | None = Field(default=None, description="Profile of the shared AWS configuration to log in with")
    access_key: SecretRef | None = Field(default=None, description="Access key, by reference")
    secret_key: SecretRef | None = Field(default=None, description="Secret key, by reference")
    session_token: SecretRef | None = Field(default=None, description="Session token of temporary keys, by reference")
    anonymous: bool = Field(default=False, description="Send no credentials at all")
    instance_role: bool = Field(
        default=False, description="Where nothing else gives credentials, ask this machine's metadata service"
    )
    path_style: bool | None = Field(
        default=None, description="Bucket in the path rather than the host name; by default where an endpoint is set"
    )
    ca_bundle: Path | None = Field(
        default=None, description="PEM file of the authorities to trust instead of the usual"
    )
    insecure_tls: bool = Field(
        default=False, description="Take any certificate, whoever made it; told as a finding of this source"
    )
    insecure_http: bool = Field(default=False, description="Allow a plain http endpoint that is not this machine")
    account_id: str | None = Field(
        default=None,
        pattern=r"^\d{12}$",
        description="Number of the account, to ask for its own public access block; Amazon tells it where left out",
    )
    requester_pays: bool = Field(default=False, description="Accept that the requests are charged to the account")
    settings: bool = Field(
        default=True,
        description="Also ask each bucket, with some twenty requests, for its settings and who may do what in it",
    )
    versions: bool = Field(
        default=False, description="Also count old versions, delete markers and unfinished uploads of each bucket"
    )
    owners: bool = Field(default=False, description="Also ask for the owner of each object")
    page_size: int = Field(default=1000, ge=1, le=1000, description="Keys asked for per request")

    @field_validator("root")
    @classmethod
    def _root_is_s3(cls, value: str) -> str:
        if not value.startswith("s3://"):
            raise ValueError("must begin with s3://")
        bucket, _, prefix = value[5:].partition("/")
        if "@" in bucket:
            raise ValueError("SECRET_LITERAL: no credentials in the root; give access_key and secret_key by reference")
        if not bucket and prefix:
            raise ValueError("a prefix needs a bucket: s3://bucket/prefix")
        if bucket and not BUCKET_NAME.match(bucket):
            raise ValueError("the bucket name may hold letters, digits, '.', '-' and '_' only")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> S3Options:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together")
        if self.session_token is not None and self.access_key is None:
            raise ValueError("session_token needs access_key and secret_key")
        given = [self.access_key is not None, self.profile is not None, self.anonymous]
        if sum(given) > 1:
            raise ValueError("give one of: access_key with secret_key, profile, anonymous")
        if self.insecure_tls and self.ca_bundle is not None:
            raise ValueError("give one of: ca_bundle, insecure_tls")
        if self.endpoint is not None:
            _check_endpoint(self.endpoint, insecure_http=self.insecure_http)
        return self

    @property
    def bucket(self) -> str:
        """The one bucket, or '' for every bucket of the account."""
        return self.root[5:].partition("/")[0]

    @property
    def prefix(self) -> str:
        """What every key to be listed begins with; '' for all."""
        return self.root[5:].partition("/")[2]


def _check_endpoint(endpoint: str, *, insecure_http: bool) -> None:
    """Refuse an endpoint that would carry secrets, lead to a metadata service, or speak in the clear."""
    parts = urlsplit(endpoint)
    if parts.username is not None or parts.password is not None:
        raise ValueError("SECRET_LITERAL: no credentials in the endpoint; give access_key and secret_key by reference")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("endpoint must be a URL: https://host or https://host:port")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("endpoint is a host and a port only; buckets and prefixes belong in root")
    host_and_port(parts)
    if is_metadata_address(parts.hostname):
        raise ValueError("endpoint is a link-local or metadata address; no object store is there")
    if parts.scheme == "http" and not insecure_http and not is_loopback(parts.hostname):
        raise ValueError("a plain http endpoint is refused; use https, or set insecure_http = true if you must")


def host_and_port(parts: SplitResult) -> tuple[str, int]:
    """Host in lower case, and the port with the scheme's usual one filled in."""
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its literal address or as ``localhost``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_metadata_address(host: str) -> bool:
    """Whether the host is, literally, a link-local address or a cloud's metadata service."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_link_local or address.is_unspecified or str(address) in _METADATA


def from_url(url: str) -> dict[str, object]:
    """Settings of ``s3://bucket/prefix?endpoint=…&access_key=env:NAME``; the prefix may be percent-encoded.

    Raises:
        ValueError: when it is no such locator; the message repeats nothing of it, since it may hold a secret.
    """
    if not url.startswith("s3://"):
        raise ValueError("must begin with s3://")
    place, _, query = url[5:].partition("?")
    bucket, slash, prefix = place.partition("/")
    if "@" in bucket:
        raise ValueError("SECRET_LITERAL: no credentials in the locator; add ?access_key=env:NAME&secret_key=env:NAME")
    settings: dict[str, object] = {"root": f"s3://{bucket}{slash if bucket else ''}{unquote(prefix)}"}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in settings:
            raise ValueError("the locator names an option twice")
        settings[name] = value
    return settings


def account(options: BaseModel) -> Account | None:
    """Who would log in where; None for anonymous access."""
    assert isinstance(options, S3Options)
    if options.anonymous:
        return None
    host = "{}:{}".format(*host_and_port(urlsplit(options.endpoint))) if options.endpoint else _AWS
    if options.access_key is not None:
        return Account(host, options.access_key.reference)
    return Account(host, f"profile {options.profile}" if options.profile else "default credentials")


def locator(options: BaseModel) -> str:
    """The source as a person would write it, without secrets."""
    assert isinstance(options, S3Options)
    return _located(options.root, options)


def bucket_locator(bucket: str, options: S3Options) -> str:
    """Another bucket of the same server, as a person would write it as a source of its own."""
    return _located(f"s3://{bucket}", options)


def _located(root: str, options: S3Options) -> str:
    return f"{root}?endpoint={options.endpoint}" if options.endpoint else root
