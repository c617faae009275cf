"""The state's tables (SQLAlchemy Core). The migrations beside this module build the same; a test compares the two."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite numbers rows by itself only for a column of type INTEGER."""

scan = sa.Table(
    "scan",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),  # running, complete, incomplete, failed, stopped
    sa.Column("started", sa.BigInteger, nullable=False),  # microseconds UTC
    sa.Column("ended", sa.BigInteger),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("depth", sa.String(4), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("config_hash", sa.String(64), nullable=False),
    sa.Column("exit_code", sa.Integer),
    sa.Column("targets", sa.Text, nullable=False),  # JSON list of target ids, [] for all that apply
)

source = sa.Table(
    "source",
    metadata,
    sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("locator", sa.Text, nullable=False),
    sa.Column("store_depth", sa.Integer, nullable=False),
    sa.Column("store_kind", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),  # JSON; secrets stand in it as references only
    sa.Column("limits", sa.Text, nullable=False),  # JSON
    sa.Column("state", sa.String(16), nullable=False),  # waiting, running, complete, incomplete, failed, stopped
    sa.Column("started", sa.BigInteger),
    sa.Column("ended", sa.BigInteger),
    sa.Column("error_code", sa.Text),
    sa.Column("error_where", sa.Text),
    sa.Column("error_detail", sa.Text),
    sa.Column("requests", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("peak_connections", sa.Integer, nullable=False, server_default="0"),
    sa.Column("logins", sa.Integer, nullable=False, server_default="0"),
)

unit = sa.Table(
    "unit",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # pending, done, failed
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.UniqueConstraint("scan", "source", "key", "after", name="uq_unit_place"),
    sa.Index("ix_unit_state", "scan", "source", "state"),
)

part = sa.Table(
    "part",
    metadata,
    # A settled part may belong to several scans; one as it was crawled belongs to one.
    sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),  # relative to the facts folder
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("fact", sa.String(16), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text),  # of the rows of a settled part, NULL where it is as it was crawled
    sa.Column("low", sa.Text),  # address of the first row of a settled part: it holds all from there to the next one's
    sa.Index("ix_part_source", "scan", "source"),
)

dropped = sa.Table(
    "dropped",
    metadata,
    # Attempts whose rows stand in committed parts, but count no more: the unit was repeated under a new id.
    sa.Column("unit", BigId, primary_key=True, autoincrement=False),
    sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
)

fault = sa.Table(
    "fault",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("unit", BigId),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("op", sa.String(8), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("ix_fault_source", "scan", "source", "reason"),
)

known_store = sa.Table(
    "known_store",
    metadata,
    sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("locator", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
)

reached = sa.Table(
    "reached",
    metadata,
    # Whether a store that was never scanned answered when a person wanted it asked: the newest answer of each place.
    sa.Column("store", sa.Text, primary_key=True),  # asset id
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("port", sa.Integer, primary_key=True),
    sa.Column("asked_at", sa.BigInteger, nullable=False),  # microseconds UTC
    sa.Column("outcome", sa.String(16), nullable=False),  # answered, no_name, refused, timeout, unreachable, unknown
)

hash_key = sa.Table(
    "hash_key",
    metadata,
    # What values are hashed by, so that nobody who has the facts alone can tell a value by trying; made once.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # 1
    sa.Column("key", sa.String(64), nullable=False),  # hexadecimal
    sa.Column("made", sa.BigInteger, nullable=False),  # microseconds UTC
)

trust = sa.Table(
    "trust",
    metadata,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("port", sa.Integer, primary_key=True),
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("added", sa.BigInteger, nullable=False),
)

breaker = sa.Table(
    "breaker",
    metadata,
    # One refused login per account, host and credential: no further attempt until a person says it changed.
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
)

mute = sa.Table(
    "mute",
    metadata,
    sa.Column("finding", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    # A hash chain: each line's hash covers the one before, so a changed or cut line is found.
    sa.Column("id", BigId, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
)
