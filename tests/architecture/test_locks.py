"""The lock files name every package with one version and its hashes, and not where it comes from."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.test_imports import imports_of
from tests.support.project import PACKAGES, ROOT, python_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"

ONLY_MICROPYTHON = {"esp32", "espnow", "ffi", "machine", "micropython", "network", "tls", "uctypes", "vfs"}


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """(version, number of hashes) by package."""
    entries = re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)((?:.*\\\n)(?:\s+--hash=\S+(?: \\)?\n)+)", text(lock), re.M
    )
    return {name: (version, rest.count("--hash=sha256:")) for name, version, rest in entries}


def text(lock: str) -> str:
    return (ROOT / lock).read_text()


def names(requirements: list[str]) -> set[str]:
    """The normalised names of requirements such as "psycopg[binary]>=3.2"."""
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in requirements}


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_every_package_of_a_lock_has_hashes(lock):
    lines = [line for line in text(lock).splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(pins(lock)) > 20
    assert [name for name, (_, hashes) in pins(lock).items() if hashes == 0] == []


def test_the_runtime_lock_has_every_dependency():
    assert names(PROJECT["project"]["dependencies"]) - pins(RUNTIME).keys() == set()


def test_the_development_lock_has_every_dependency():
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    assert names(wanted) - pins(DEVELOPMENT).keys() == set()


def test_what_the_product_imports_is_in_the_runtime_lock():
    """The tests' environment has more: what works there may be missing from the one of `loa demo`."""
    homes = packages_distributions()
    imported = {name.split(".")[0] for path in python_files(*PACKAGES) for _, name in imports_of(path)}
    foreign = imported - set(sys.stdlib_module_names) - {*PACKAGES, "tests"} - ONLY_MICROPYTHON
    locked = pins(RUNTIME).keys()
    assert {name for name in foreign if not names(homes.get(name, [name])) & locked} == set()


def test_what_is_tested_is_what_is_run():
    runtime, development = pins(RUNTIME), pins(DEVELOPMENT)
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_a_lock_says_nothing_of_where_packages_come_from(lock):
    assert re.findall(r"https?://|--index-url|--find-links|@ file", text(lock)) == []
