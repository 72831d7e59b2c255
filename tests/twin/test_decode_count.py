"""What the decoders cost is counted, instruction by instruction, on the 32-bit build."""

import pytest

from simulator.bench import Unmeasurable, decode
from simulator.bench.steps import NotCounted, count_steps
from tests.support.twins import runtime
from tests.tiers import end_without

MOST_PERCENT = 3.0
GROWTH = 1.1


@pytest.fixture(scope="module")
def counted():
    runtime("micropython-i386")
    try:
        return decode.count()
    except Unmeasurable as why:  # a container may forbid ptrace
        end_without(why)


@pytest.mark.slow
@pytest.mark.parametrize("part", decode.PARTS)
def test_no_decoder_has_grown_by_a_tenth_over_what_was_recorded(counted, part):
    assert counted[part] <= decode.recorded()[part] * GROWTH


@pytest.mark.slow
@pytest.mark.parametrize("part", decode.PARTS)
def test_what_was_recorded_is_not_far_above_what_is_counted(counted, part):
    assert counted[part] >= decode.recorded()[part] / GROWTH, "record the lower figure"


@pytest.mark.slow
def test_decoding_and_turning_down_take_less_than_three_percent_of_a_core(counted):
    assert decode.percent_of_core(counted["ima"] + counted["gain"]) < MOST_PERCENT
    assert decode.percent_of_core(counted["mulaw"] + counted["gain"]) < MOST_PERCENT


LOOP = """
import ffi
mark = ffi.open("libc.so.6").func("i", "raise", "i")
@micropython.viper
def turn(times: int):
    while times:
        times -= 1
for times in (10, 10, 110, 210):  # the first has everything to look up
    mark(10); turn(times); mark(10)
"""


def test_the_counter_counts_a_loop_of_a_hundred_turns_a_hundred_times(tmp_path):
    script = tmp_path / "loop.py"
    script.write_text(LOOP)
    try:
        _, few, more, most = count_steps([*runtime("micropython-i386").argv, str(script)])
    except NotCounted as why:
        end_without(why)
    assert more - few == most - more
    assert 300 <= more - few <= 1500 and (more - few) % 100 == 0


@pytest.mark.parametrize("last", ["raise SystemExit(3)", "mark(10)", "mark(11)"])
def test_a_process_that_ends_badly_or_within_a_measurement_is_not_counted(tmp_path, last):
    script = tmp_path / "bad.py"
    script.write_text('import ffi\nmark = ffi.open("libc.so.6").func("i", "raise", "i")\n' + last)
    with pytest.raises(NotCounted):
        count_steps([*runtime("micropython-i386").argv, str(script)])
