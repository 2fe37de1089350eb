"""Bring the board's database to today's layout; alembic run from code."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from drb.database import READ_ONLY, fault
from drb.errors import BadInput

HEAD = "0003"
# Any number that no other program uses; PostgreSQL holds it until the transaction ends.
_ADVISORY_LOCK = 0x6E617275


def upgrade(engine: Engine, revision: str = HEAD) -> None:
    """Migrate up to `revision`. One process at a time; others wait. Raises BadInput for a database that is not ours."""
    try:
        with engine.connect().execution_options(**{READ_ONLY: True}) as connection, connection.begin():
            found = current(connection)
        if found == revision:
            return
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            found = current(connection)
            _ours(connection, found)
            if found != revision:
                _run(connection, "upgrade", revision)
    except DBAPIError as error:
        raise BadInput(fault(error)) from None


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to `revision` ('base': nothing is left)."""
    with engine.connect() as connection, connection.begin():
        _run(connection, "downgrade", revision)


def current(connection: Connection) -> str | None:
    """Read the revision that the database has; None: no board yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _ours(connection: Connection, found: str | None) -> None:
    if found is not None and found > HEAD:
        raise BadInput(f"the board's database was made by a newer Naru (layout {found}, ours {HEAD}); update Naru")
    if found is None and inspect(connection).has_table("event"):
        raise BadInput("this database holds other tables than a board's; give an empty one")


def _run(connection: Connection, way: str, revision: str) -> None:
    # Imported here: it costs a fifth of a second, and a board that is up to date does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    getattr(command, way)(config, revision)
