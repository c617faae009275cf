"""What an account, and the way to it, say of themselves: its other buckets, its own block, the line, the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.s3.access import FLAGS, flags_on, flags_text
from connectors.s3.client import Client
from connectors.s3.options import S3Options
from connectors.s3.refusal import RefusalError
from connectors.s3.settings import NONE
from scanner.model import SourceError

_BLOCK = "/v20180820/configuration/publicAccessBlock"


@dataclass(frozen=True, slots=True)
class AccountBlock:
    """The flags of an account's public access block; None where nobody knows, with the reason in ``refused``.

    ``asked`` is whether it was asked for at all: servers other than Amazon's have no such thing.
    """

    flags: frozenset[str] | None
    refused: str = ""
    asked: bool = True


UNASKED = AccountBlock(frozenset(), asked=False)


def account_block(client: Client, options: S3Options) -> AccountBlock:
    """Ask for the block of the whole account, for which its number is needed: given, or told by Amazon to its owner."""
    if options.endpoint is not None and (options.anonymous or options.account_id is None):
        return UNASKED
    if options.anonymous:
        return AccountBlock(None)
    try:
        number = options.account_id or client.account_id()
        host = urlsplit(client.endpoint)
        place = options.endpoint or f"{host.scheme}://{number}.s3-control.{client.region}.{client.domain}"
        answer = client.signed_get("s3", f"{place.rstrip('/')}{_BLOCK}", {"x-amz-account-id": number})
    except RefusalError as refusal:
        if refusal.kind == "NoSuchPublicAccessBlockConfiguration":
            return AccountBlock(frozenset())
        return AccountBlock(None, refusal.detail)
    except SourceError as error:
        return AccountBlock(None, f"{error.code}: {error.detail}")
    flags = {name: (answer.findtext(f"{{*}}{name}") or "").strip().lower() == "true" for name in FLAGS}
    return AccountBlock(flags_on({"PublicAccessBlockConfiguration": flags}))


def source_settings(client: Client, options: S3Options, block: AccountBlock) -> Iterator[tuple[str, str | None]]:
    """SETTING facts of the whole source: how it was reached, and what the account says."""
    yield "endpoint", client.endpoint
    yield "addressing", "path" if client.path_style else "virtual host"
    yield "signing_region", client.region
    yield "tls", client.transport.tls or (NONE if client.endpoint.startswith("http:") else None)
    if options.insecure_tls:
        yield "insecure_tls", "true"
    yield "clock_ahead_s", client.transport.clock_ahead_s
    if block.asked:
        yield "account_public_access_block", flags_text(block.flags, NONE)


def seen_bucket(bucket: Mapping[str, Any]) -> str | None:
    """What the list of buckets says of one that is not looked into."""
    told = [("region", bucket.get("BucketRegion")), ("created", bucket.get("CreationDate"))]
    return ", ".join(f"{name} {value}" for name, value in told if value) or None
