"""Tiers by folder, real programs as fixtures, and an honest account of what did not run.

A test whose program is missing is skipped with the reason; with CI set that is a failure.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from headend.adapters.broker import BrokerProcess, MosquittoBroker, NatsBroker
from headend.adapters.broker.process import free_port as unused_port
from simulator.programs import Missing, Program, require
from tests.support.postgresql import PostgresServer
from tests.support.processes import children
from tests.tiers import QUICK, TIERS, account, end_without, in_ci, tier_of

TESTS = Path(__file__).parent

settings.register_profile("loa", deadline=None, print_blob=True)
settings.register_profile("quick", settings.get_profile("loa"), max_examples=40)  # the whole run has 100
settings.load_profile("loa")

# A developer's own settings must not decide what is tested.
for setting in [name for name in os.environ if name.startswith("LOA_")]:
    del os.environ[setting]


def pytest_addoption(parser):
    group = parser.getgroup("loa")
    group.addoption("--tier", action="append", choices=TIERS, help="run this tier; may be repeated")
    group.addoption("--quick", action="store_true", help="leave out slow tests and slow tiers")
    group.addoption("--account", action="store_true", help="say which tier did not run (in CI: a failure)")


def pytest_configure(config):
    for tier in TIERS:
        config.addinivalue_line("markers", f"{tier}: set for every test in tests/{tier}")
    config.addinivalue_line("markers", "rule(*ids): proves these rules of the law, see docs/law-matrix.md")
    config.addinivalue_line("markers", "slow: takes seconds; not part of --quick")
    config.addinivalue_line("markers", "long: its file takes more than half a minute, and is begun before others")
    if config.getoption("--quick"):
        settings.load_profile("quick")


def pytest_ignore_collect(collection_path, config):
    """A tier that is not wanted is not even imported."""
    unwanted = collection_path.parent == TESTS and collection_path.name in TIERS
    return True if unwanted and collection_path.name not in wanted_tiers(config) else None


def pytest_collection_modifyitems(config, items):
    for item in items:
        item.add_marker(tier_of(item.nodeid))
    if config.getoption("--quick"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long)  # else one of them may be all that is left at the end


def wanted_tiers(config) -> list[str]:
    """The tiers that the options ask for."""
    asked = config.getoption("--tier") or TIERS
    return [tier for tier in asked if tier in QUICK or not config.getoption("--quick")]


def pytest_sessionfinish(session):
    """In CI nothing is green that did not run."""
    if in_ci() and session.exitstatus == pytest.ExitCode.OK and not_run(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Just above pytest's own last line."""
    lines = not_run(config)
    if lines:
        terminalreporter.section("did not run" + (": a failure, as CI is set" if in_ci() else ""))
        for line in lines:
            terminalreporter.line(line, yellow=True)


def not_run(config) -> list[str]:
    """A line for each tier that did not run, or not wholly."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None or not config.getoption("--account"):
        return []  # a helper process of pytest-xdist: the first process gives the account
    return account(reporter.stats, wanted_tiers(config))


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left_behind() -> Iterator[None]:
    """Every process that a test starts is ended by it."""
    before = children()
    yield
    left = {pid: command for pid, command in children().items() if pid not in before}
    assert not left, f"still running at the end of the tests: {left}"


def program(name: str) -> Program:
    """A program, or the end of the test that needs it."""
    try:
        return require(name)
    except Missing as missing:
        end_without(missing)


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    return unused_port("127.0.0.1")


@pytest.fixture(scope="session")
def micropython_amd64() -> Program:
    """MicroPython with 64-bit words."""
    return program("micropython")


@pytest.fixture(scope="session")
def micropython_i386() -> Program:
    """MicroPython with the ESP32's object model: 32-bit words, 31-bit small integers."""
    return program("micropython-i386")


@pytest.fixture(scope="session")
def chromium() -> Program:
    """Chromium: give playwright its `path` as executable_path."""
    found = program("chromium")
    os.environ.update(found.env)  # playwright's driver needs the same libraries
    return found


@pytest.fixture
def nats_broker(tmp_path) -> Iterator[NatsBroker]:
    """A running NATS without users: `add_user`."""
    with NatsBroker(tmp_path / "nats") as broker:
        yield broker


@pytest.fixture
def mosquitto_broker(tmp_path) -> Iterator[MosquittoBroker]:
    """A running Mosquitto without users: `add_user`."""
    with MosquittoBroker(tmp_path / "mosquitto", argv=program("mosquitto").argv) as broker:
        yield broker


@pytest.fixture(params=["nats", "mosquitto"])
def any_broker(request) -> BrokerProcess:
    """Each broker in turn: what the head-end needs must hold for both."""
    return request.getfixturevalue(f"{request.param}_broker")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, for all tests together."""
    program("initdb"), program("postgres")
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server) -> Iterator[str]:
    """An empty PostgreSQL database of one's own, as SQLAlchemy writes its address."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)
