"""A Debian package is fetched, unpacked beside the project and runs, and the machine is as it was."""

import shutil
import subprocess
from pathlib import Path

import pytest

from simulator.programs.catalogue import MACHINE
from simulator.programs.packages import SYSTEM_STATUS, Apt, PackageError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt-get is not on this machine"),
]


@pytest.fixture(scope="module")
def apt(tmp_path_factory):
    return Apt(tmp_path_factory.mktemp("apt"), MACHINE, suite=None, on_top_of_system=False)


def test_a_package_comes_with_all_it_needs_and_the_system_is_untouched(apt, tmp_path):
    before = SYSTEM_STATUS.stat().st_mtime_ns
    said = []
    apt.unpack(["hello"], tmp_path / "hello", said.append)
    loader = next((tmp_path / "hello").glob("**/ld-linux*.so.*"))
    libraries = next((tmp_path / "hello").glob("**/libc.so.6")).parent
    command = [str(loader.resolve()), "--library-path", str(libraries), str(tmp_path / "hello/usr/bin/hello")]
    assert "ello" in subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert SYSTEM_STATUS.stat().st_mtime_ns == before
    assert len(said) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hello"]


def test_a_package_that_does_not_exist_is_named(apt, tmp_path):
    with pytest.raises(PackageError, match="Unable to locate package no-such-package"):
        apt.unpack(["no-such-package"], tmp_path / "x", lambda line: None)
    assert not Path(tmp_path / "x").exists()
