"""What a pole's program takes of a small chip is measured by one command, and fits."""

import argparse

import pytest

from simulator.bench import pole
from tests.support.twins import runtime

HEAP_KB = 112
CODE_KB = 110


@pytest.mark.slow
def test_the_program_starts_and_idles_with_room_to_spare_in_the_heap_of_a_small_chip():
    runtime("micropython-i386")
    found = pole.run(argparse.Namespace())
    assert 30 < found["heap_live_kb"] < found["heap_peak_kb"] < HEAP_KB, found
    assert 30 < found["code_kb"] < CODE_KB, found
