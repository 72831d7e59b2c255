"""What a pole's program takes of a small chip is measured by one command, and fits."""

import json
import subprocess
import time

import pytest

from simulator.bench import Unmeasurable, verify
from simulator.runtime import ROOT
from tests.support.twins import runtime
from tests.tiers import end_without

HEAP_KB = 112
CODE_KB = 110
DECODE_PERCENT = 3
VERIFY_MS = 200  # in steps between which everything else runs
FIGURES = {"heap_live_kb", "heap_peak_kb", "decode_percent", "verify_ms_est", "code_kb"}
SECONDS = 60
BUSY = 3  # of these machines, while other tests run beside


@pytest.mark.slow
def test_the_command_prints_all_figures_and_the_program_fits_a_small_chip():
    runtime("micropython-i386")
    begun = time.monotonic()
    done = subprocess.run([ROOT / "loa", "bench", "pole", "--json"], capture_output=True, text=True, check=False)
    took = time.monotonic() - begun
    found = json.loads(done.stdout)
    if done.returncode:
        end_without(Unmeasurable(found["error"]))  # a container may forbid ptrace
    assert found.keys() >= FIGURES
    assert 30 < found["heap_live_kb"] < found["heap_peak_kb"] < HEAP_KB, found
    assert 30 < found["code_kb"] < CODE_KB, found
    assert 0 < found["decode_percent"] < DECODE_PERCENT, found
    assert 10 < found["verify_ms_est"] < VERIFY_MS, found
    assert took < SECONDS * BUSY, took


@pytest.mark.slow
def test_the_estimate_of_a_check_grows_with_the_work():
    runtime("micropython-i386")
    try:
        small, large = verify.count(1024), verify.count(1536)
    except Unmeasurable as why:
        end_without(why)
    # Long multiplication: half as many digits again are 2.25 times the work.
    assert 1.7 < large / small < 2.5
    assert verify.milliseconds(240_000_000) == 1000 * verify.CYCLES_PER_INSTRUCTION
