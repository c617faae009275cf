"""S3: any object store that speaks it, a whole account or one bucket or prefix."""

from __future__ import annotations

from pydantic import BaseModel

from connectors.s3.connector import S3Connector
from connectors.s3.options import S3Options, account, from_url, locator
from scanner.connector import Connector, Plug, Price, Session


def _open(options: BaseModel, session: Session) -> Connector:
    assert isinstance(options, S3Options)
    return S3Connector(options, session)


REQUEST_PRICE_USD = (
    0.005 / 1000,
    "Amazon's list price of LIST, S3 Standard, as quoted at https://c3x.dev/blog/s3-request-fees-explained",
    "2026-11-22",
)
"""US dollars a request for 1,000 keys, where that is said, and when it was read; other requests cost less."""


def _price(options: BaseModel) -> Price | None:
    """Amazon's; what another endpoint charges is not known."""
    assert isinstance(options, S3Options)
    return None if options.endpoint else Price(*REQUEST_PRICE_USD)


PLUG = Plug(
    title="S3 object storage",
    schemes=("s3",),
    options=S3Options,
    open=_open,
    from_url=from_url,
    account=account,
    locator=locator,
    type="s3",
    store_kind="bucket",
    store_depth=1,
    connections=8,
    facts=("entry", "listing", "setting", "grant", "mention", "seen"),
    limits=(
        "Old versions, delete markers and unfinished uploads are counted only where versions = true, 1,000 a request.",
        "A listing does not say whether an INTELLIGENT_TIERING object has been archived, so its tier is unknown.",
        "Access given by identity policies, access points or object ACLs is not seen; the bucket's own is.",
        "Nobody counts as everyone because of a policy statement with a condition, unless that limits nobody.",
        "The account's own public access block is asked for at Amazon, elsewhere only where account_id is given.",
        "Of a bucket's tags the keys are kept, never the values.",
        "Access points and directory buckets are not among an account's buckets, so they are not seen.",
        "Directory buckets (S3 Express One Zone) do not list in order: what follows the first break is told as a gap.",
        "Objects encrypted with a customer's own key (SSE-C) are listed but cannot be read.",
    ),
    request_price=_price,
    load="A request for each 1,000 keys, up to half as many more, and some twenty a bucket unless settings = false.",
    extra="s3",
)

__all__ = ["PLUG", "REQUEST_PRICE_USD", "S3Connector", "S3Options"]
