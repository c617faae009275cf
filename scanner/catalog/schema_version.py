"""The state's schema version: a new catalog is made at the head, an older one is migrated after a backup."""

from __future__ import annotations

import shutil
from importlib import resources

import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.location import Location
from scanner.codes import StocktakeError

HEAD = "0004"
"""The newest migration; older revisions that can be brought up to it are listed in ``migrations/versions``."""

_version = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))


def prepare(engine: sa.Engine, location: Location, *, create: bool) -> None:
    """See to it that the state is at the head.

    Alembic takes a second to import, so it is only loaded when there is something to migrate.

    Raises:
        StocktakeError: NO_CATALOG, CATALOG_DAMAGED, CATALOG_NEWER.
    """
    where = str(location.state_file or location.shown)
    present = _present(engine)
    if present == HEAD:
        return
    if present is None:
        if not create:
            raise StocktakeError("NO_CATALOG", where, "the file holds no Stocktake catalog")
        _make(engine, where)
        return
    if not present.isdigit() or present > HEAD:
        raise StocktakeError("CATALOG_NEWER", where, f"schema {present}, this Stocktake knows up to {HEAD}")
    if location.state_file:
        shutil.copy2(location.state_file, location.state_file.with_suffix(f".before-{HEAD}.bak"))
    migrate(engine)


def _make(engine: sa.Engine, where: str) -> None:
    """Make the tables of the head, all of them or none."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as db:
        names = sa.inspect(db).get_table_names()
        if names and _version.name not in names:
            raise StocktakeError("CATALOG_DAMAGED", where, "the database is not empty and not a Stocktake catalog")
    with engine.connect() as db:
        if sqlite:
            # Lets readers look on while a scan commits; kept by the file from now on.
            db.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as db:
        if sqlite:
            # The driver begins no transaction for CREATE by itself: a kill would leave half a schema, and two that
            # make the same catalog at once would meet half-way.
            db.exec_driver_sql("BEGIN IMMEDIATE")
        if _version.name in sa.inspect(db).get_table_names():
            return  # somebody else has made it since
        t.metadata.create_all(db)
        _version.create(db)
        db.execute(_version.insert().values(version_num=HEAD))


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Run the migrations up to a revision."""
    from alembic import command  # noqa: PLC0415 - a second to import
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files("scanner.catalog") / "migrations"))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, revision)


def _present(engine: sa.Engine) -> str | None:
    with engine.connect() as db:
        if "alembic_version" not in sa.inspect(db).get_table_names():
            return None
        return db.execute(sa.select(_version.c.version_num)).scalar()
