"""A part may belong to several scans: settled parts are shared between those that saw the same."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COLUMNS = ("scan", "path", "source", "fact", "rows", "bytes")


def upgrade() -> None:
    """Make the table anew, since SQLite cannot change a primary key, and take every row over."""
    op.drop_index("ix_part_source", "part")
    op.rename_table("part", "part_0001")
    op.create_table(
        "part",
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("fact", sa.String(16), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text),
        sa.Column("low", sa.Text),
    )
    op.create_index("ix_part_source", "part", ["scan", "source"])
    old, new = (sa.table(name, *map(sa.column, _COLUMNS)) for name in ("part_0001", "part"))
    op.execute(new.insert().from_select(_COLUMNS, sa.select(old)))
    op.drop_table("part_0001")
