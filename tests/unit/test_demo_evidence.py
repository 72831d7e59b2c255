"""What the demonstration measures at a sink: the true instant of the first sample, however the pole goes on."""

import numpy as np
import pytest

from protocol.messages import RATE
from simulator.demo.evidence import listen_to, summary
from simulator.fleet import Capture
from tests.support.sounds import int16, tune

PLANNED_US = 1_767_229_200_000_000
PROGRAMME = tune(8)
EARLY_FRAMES = RATE // 2  # of silence, before the programme is due


def capture(sound: np.ndarray, first_us: float = 0) -> Capture:
    """A sink that was opened half a second before the instant, and `sound` from `first_us` after the instant on."""
    begin = EARLY_FRAMES + round(first_us * RATE / 1_000_000)
    samples = np.concatenate((np.zeros(begin, np.int16), sound, np.zeros(RATE, np.int16)))
    return Capture(samples, PLANNED_US - 500_000, RATE, 0, True)


def heard(sound: np.ndarray, first_us: float = 0):
    return listen_to("p1", [capture(sound, first_us)], PLANNED_US, PROGRAMME, PROGRAMME)


@pytest.mark.parametrize("late_ms", [-30, -1, 0, 1, 250])
def test_a_whole_programme_beside_its_instant_is_that_much_off(late_ms):
    assert heard(PROGRAMME, late_ms * 1000).start_error_ms == pytest.approx(late_ms, abs=0.07)


@pytest.mark.parametrize("skipped_ms", [5, 22, 400, 3000])
def test_a_pole_that_comes_late_has_begun_late_though_it_is_with_the_others(skipped_ms):
    late = PROGRAMME[skipped_ms * 16:]
    assert heard(late, skipped_ms * 1000).start_error_ms == pytest.approx(skipped_ms, abs=0.2)


def test_a_low_volume_is_no_lateness():
    assert heard(int16(PROGRAMME * 0.05)).start_error_ms == pytest.approx(0, abs=0.07)


def test_a_pole_that_was_not_heard_has_no_start():
    assert heard(np.zeros(RATE, np.int16)).start_error_ms is None
    assert listen_to("p1", [], PLANNED_US, PROGRAMME, PROGRAMME).start_error_ms is None


def test_the_worst_pole_decides_the_figures():
    found = [heard(PROGRAMME), heard(PROGRAMME[800:], 50_000), heard(np.zeros(RATE, np.int16))]
    figures = summary(found)
    assert (figures["poles"], figures["heard"], figures["match_min"]) == (3, 2, 0.0)
    assert figures["start_error_ms_max"] == pytest.approx(50, abs=0.2)
