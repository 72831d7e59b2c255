"""The tables come to be step by step, and end as they are declared."""

import os
import stat

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from headend.adapters.db import Database
from headend.adapters.db.migrations import downgrade
from headend.adapters.db.schema import metadata
from tests.contract.test_db_at_once import together
from tests.support import nouns
from tests.support.records import plain

CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
                 WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, collation_name
             FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position"""
SQLITE = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql"


def described(connection: Connection) -> list:
    """Everything that the database knows of its tables, but for Alembic's own."""
    queries = [SQLITE] if connection.dialect.name == "sqlite" else [CONSTRAINTS, INDEXES, COLUMNS]
    found = [tuple(row) for query in queries for row in connection.exec_driver_sql(query)]
    return [row for row in found if "alembic_version" not in str(row)]


def test_all_steps_from_nothing_give_the_tables_as_declared(new_url):
    database = Database(new_url)
    database.migrate()
    engine = plain(database)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        by_steps = described(connection)
    with database.transaction() as db:
        downgrade(db._connection)
    with engine.begin() as connection:
        metadata.create_all(connection)
        assert described(connection) == by_steps
    engine.dispose()
    database.close()


def test_all_steps_back_leave_no_table_and_can_be_taken_again(new_url):
    database = Database(new_url)
    database.migrate()
    with database.transaction() as db:
        nouns.settle(db)
    with database.transaction() as db:
        downgrade(db._connection)
    with database.transaction() as db:
        assert inspect(db._connection).get_table_names() == ["alembic_version"]
    database.migrate()
    with database.transaction() as db:
        assert db.communes() == []
    database.close()


def test_a_database_that_is_up_to_date_is_left_as_it_is(new_url):
    database = Database(new_url)
    database.migrate()
    with database.transaction() as db:
        nouns.settle(db)
    database.migrate()
    with database.transaction() as db:
        assert db.communes() == [nouns.WARD]
    database.close()


@pytest.mark.slow
def test_processes_that_start_at_once_make_the_tables_once(new_url):
    assert together("migrate", new_url, processes=4) == ["migrated"] * 4


def test_a_step_that_fails_leaves_nothing_half_done(new_url):
    database = Database(new_url)
    with database.transaction() as db:
        db._connection.exec_driver_sql("CREATE TABLE audit (in_the_way INTEGER)")
    with pytest.raises(DBAPIError, match="already exists"):
        database.migrate()
    with database.transaction() as db:
        assert inspect(db._connection).get_table_names() == ["audit"]
    database.close()


def test_the_file_of_sqlite_is_for_its_owner_only(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'loa.db'}")
    database.migrate()
    with database.transaction():
        modes = {path.name: stat.S_IMODE(os.stat(path).st_mode) for path in tmp_path.iterdir()}
    database.close()
    assert modes == {"loa.db": 0o600, "loa.db-wal": 0o600, "loa.db-shm": 0o600}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://loa@127.0.0.1/loa", "nonsense"])
def test_another_kind_of_database_is_refused_at_once(url):
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        Database(url)


def test_tables_that_were_never_made_are_a_fault_and_not_a_passing_trouble(new_url):
    database = Database(new_url)
    with pytest.raises(DBAPIError, match="no such table|does not exist"), database.transaction() as db:
        db.communes()
    database.close()
