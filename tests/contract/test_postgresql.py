"""The PostgreSQL that other tests rely on is a real server, started by us, without root."""

import os

import psycopg
import pytest
from sqlalchemy import create_engine, text


def test_a_database_is_fresh_and_really_postgresql(postgres_url):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE heard (word text)"))
        connection.execute(text("INSERT INTO heard VALUES ('Thượng Cát')"))
        assert connection.execute(text("SELECT word FROM heard")).scalar_one() == "Thượng Cát"
        version = connection.execute(text("SHOW server_version_num")).scalar_one()
    engine.dispose()
    assert int(version) >= 150000


def test_each_test_has_a_database_of_its_own(postgres_server, postgres_url):
    other = postgres_server.new_database()
    assert other != postgres_url
    postgres_server.drop_database(other)


def test_a_wrong_password_does_not_come_in(postgres_server):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1", port=postgres_server.port, user="loa", password="guess", dbname="postgres"
        )


def test_the_server_does_not_run_as_root(postgres_server):
    assert postgres_server.pid is not None
    owner = os.stat(f"/proc/{postgres_server.pid}").st_uid
    assert owner != 0
