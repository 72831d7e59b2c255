"""A look into the head-end's database, past the port."""

from sqlalchemy import Engine, Table, create_engine, func, make_url, select, text

from headend.adapters.db import Database
from headend.adapters.db.schema import counters, metadata


def url_of(database: Database) -> str:
    """Its address, with the password."""
    return database._url.render_as_string(hide_password=False)


def plain(database: Database) -> Engine:
    """An engine of one's own, with nothing set up. Dispose it."""
    return create_engine(make_url(url_of(database)))


def rows(database: Database, table: Table) -> int:
    """How many rows a table holds."""
    engine = plain(database)
    with engine.connect() as connection:
        number = connection.scalar(select(func.count()).select_from(table))
    engine.dispose()
    return number


def counter(database: Database, stream: str) -> int:
    """The last number that a stream has given out."""
    engine = plain(database)
    with engine.connect() as connection:
        number = connection.scalar(select(counters.c.value).where(counters.c.stream == stream))
    engine.dispose()
    return number or 0


def terminate(database: Database, which: str) -> None:
    """Break connections to PostgreSQL, as a failing network would; returns when they are gone."""
    engine = plain(database)
    with engine.connect() as connection:
        broken = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
                f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
            )
        )
        assert set(broken.scalars()) == {True}
    engine.dispose()


def emptied(database: Database) -> None:
    """Take everything out of it."""
    engine = plain(database)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            names = ", ".join(metadata.tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        else:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
    engine.dispose()
