"""The three interpreters that the contract and the firmware run on."""

import json
import subprocess
from pathlib import Path

import pytest

from simulator.runtime import ROOT, NoRuntime, Runtime, find_runtime
from tests.tiers import in_ci

TWINS = ("cpython", "micropython", "micropython-i386")


def runtime(name: str) -> Runtime:
    """One of TWINS, or the end of the test that needs it."""
    try:
        return find_runtime(name)
    except NoRuntime as missing:
        if in_ci():
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def run_on(name: str, script: Path, *arguments: object) -> dict:
    """The JSON that a script prints as its last line when started with the project's root and `arguments`."""
    command = [*runtime(name).argv, str(script), str(ROOT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout.splitlines()[-1])
