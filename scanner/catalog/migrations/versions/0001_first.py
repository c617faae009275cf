"""The first state: scans, sources, units, parts, faults, trust, breaker, mutes and audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make every table of the first state."""
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("depth", sa.String(4), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("config_hash", sa.String(64), nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("targets", sa.Text, nullable=False),
    )
    op.create_table(
        "source",
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        *(sa.Column(n, sa.Text, nullable=n == "owner") for n in ("type", "title", "owner", "locator")),
        sa.Column("store_depth", sa.Integer, nullable=False),
        *(sa.Column(n, sa.Text, nullable=False) for n in ("store_kind", "options", "limits")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        *(sa.Column(n, sa.Text) for n in ("error_code", "error_where", "error_detail")),
        sa.Column("requests", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("peak_connections", sa.Integer, nullable=False, server_default="0"),
        sa.Column("logins", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "unit",
        sa.Column("id", _BIG_ID, primary_key=True),
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
        *(sa.Column(n, sa.Text, nullable=False) for n in ("source", "key", "after")),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("scan", "source", "key", "after", name="uq_unit_place"),
    )
    op.create_index("ix_unit_state", "unit", ["scan", "source", "state"])
    op.create_table(
        "part",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("fact", sa.String(16), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_part_source", "part", ["scan", "source"])
    op.create_table(
        "dropped",
        sa.Column("unit", _BIG_ID, primary_key=True, autoincrement=False),
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
    )
    op.create_table(
        "fault",
        sa.Column("id", _BIG_ID, primary_key=True),
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("unit", _BIG_ID),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("op", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_fault_source", "fault", ["scan", "source", "reason"])
    op.create_table(
        "known_store",
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("locator", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
    )
    op.create_table(
        "trust",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("port", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("added", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "breaker",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
    )
    op.create_table(
        "mute",
        sa.Column("finding", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", _BIG_ID, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
