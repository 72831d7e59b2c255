"""Each database and each broker in turn: what the head-end needs must hold for all."""

from collections.abc import Iterator

import httpx
import pytest

from headend.adapters.broker import BrokerProcess, MosquittoBroker, NatsBroker
from headend.adapters.db import Database
from headend.ports import Ports
from tests.conftest import program
from tests.support.console import APPROVER, AUTHOR
from tests.support.house import House, RememberedSound, build
from tests.support.records import emptied
from tests.support.street import Street
from tests.support.twins import runtime


@pytest.fixture
def sqlite_url(tmp_path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'loa.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request) -> str:
    """A new database, without tables."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def module_database(request, tmp_path_factory) -> Iterator[Database]:
    """A database with its tables, for the tests of a module."""
    if request.param == "sqlite":
        server, url = None, f"sqlite:///{tmp_path_factory.mktemp('lasting') / 'loa.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.new_database()
    database = Database(url)
    database.migrate()
    yield database
    database.close()
    if server is not None:
        server.drop_database(url)


@pytest.fixture
def database(module_database) -> Database:
    """A database with its tables, empty."""
    emptied(module_database)
    return module_database


@pytest.fixture
def mosquitto(mosquitto_broker) -> MosquittoBroker:
    """A running Mosquitto without users."""
    return mosquitto_broker


@pytest.fixture
def nats(tmp_path) -> Iterator[NatsBroker]:
    """A running NATS without users, which keeps its queues over a restart, as in the demonstration."""
    with NatsBroker(tmp_path / "nats", queues_on_disk=True) as broker:
        yield broker


@pytest.fixture(params=["nats", "mosquitto"])
def keeper(request) -> BrokerProcess:
    """Each broker in turn, keeping its queues over a restart."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def sqlite(sqlite_url) -> Iterator[Database]:
    """A migrated SQLite database, closed at the end."""
    database = Database(sqlite_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def street(tmp_path) -> Iterator[Street]:
    """Where poles hang: Mosquitto, a desk that plays the head-end, and 32-bit MicroPython."""
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, runtime("micropython-i386"), broker) as street,
    ):
        yield street


@pytest.fixture
def author(console) -> Iterator[httpx.Client]:
    """The console's broadcaster, logged in over the API."""
    with console.client(AUTHOR) as client:
        yield client


@pytest.fixture
def approver(console) -> Iterator[httpx.Client]:
    """Its approver."""
    with console.client(APPROVER) as client:
        yield client


@pytest.fixture(scope="module")
def remembered(tmp_path_factory) -> RememberedSound:
    """Real sound for the tests of a module: what was made once is not made again."""
    return RememberedSound(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def house(tmp_path, remembered) -> Iterator[House]:
    """A head-end without network, with its ward, poles and people."""
    house = build(tmp_path, remembered)
    yield house
    house.database.close()


@pytest.fixture
def ports(house) -> Ports:
    """What its services are given."""
    return house.ports
