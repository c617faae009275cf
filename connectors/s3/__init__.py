"""S3: any object store that speaks it, a whole account or one bucket or prefix."""

from __future__ import annotations

from pydantic import BaseModel

from connectors.s3.connector import S3Connector
from connectors.s3.options import S3Options, account, from_url, locator
from scanner.connector import Connector, Plug, Session


def _open(options: BaseModel, session: Session) -> Connector:
    assert isinstance(options, S3Options)
    return S3Connector(options, session)


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
    facts=("entry", "listing", "setting", "grant"),
    limits=(
        "Old versions, delete markers and unfinished uploads are counted only where versions = true.",
        "A listing does not say whether an INTELLIGENT_TIERING object has been archived, so its tier is unknown.",
        "Access given by identity policies, access points or object ACLs is not seen; bucket policy and ACL are.",
        "Bucket policies with conditions are shown as such; whether a condition is ever met is not judged.",
        "Directory buckets (S3 Express One Zone) do not list in order: what follows the first break is told as a gap.",
        "Objects encrypted with a customer's own key (SSE-C) are listed but cannot be read.",
    ),
    extra="s3",
)

__all__ = ["PLUG", "S3Connector", "S3Options"]
