"""The interpreters that the contract and the firmware run on."""

import json
import subprocess
from pathlib import Path

from simulator.runtime import ROOT, NoRuntime, Runtime, find_runtime
from tests.tiers import end_without

TWINS = ("cpython", "micropython", "micropython-i386")


def runtime(name: str) -> Runtime:
    """One of TWINS, or "auto", or the end of the test that needs it."""
    try:
        return find_runtime(name)
    except NoRuntime as missing:
        end_without(missing)


def run_on(name: str, script: Path, *arguments: object, heap: str = "", limit: float = 170) -> dict:
    """The JSON that a script prints as its last line when started with the project's root and `arguments`.

    `heap`: of MicroPython, where its usual one does not do.
    """
    sized = ["-X", f"heapsize={heap}"] if heap else []
    command = [*runtime(name).argv, *sized, str(script), str(ROOT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout.splitlines()[-1])
