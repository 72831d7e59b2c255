"""Neighbouring poles sound a second together: the whole firmware on real MicroPython, in virtual time."""

import numpy as np
import pytest

from firmware.app.pace import RESYNC_FRAMES
from simulator.bench import sync
from simulator.bench.skew import NotFound, Piece, error_ms, errors_ms, skews
from simulator.bench.street import Recording, record
from tests.support.twins import runtime

POLES = 6
SECONDS = 60
START_P95_MS = 5.0
MOST_MS = 10.0


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Poles on one operator and on another, after a session of a minute."""
    folder = tmp_path_factory.mktemp("sync")
    small = runtime("micropython-i386")
    world = sync.InVirtualTime(folder, small, record(folder, SECONDS, seed=3))
    heard = world.run(["one"] * POLES + ["other"] * 2, seed=3)
    return heard[:POLES], heard[POLES:]


@pytest.fixture(scope="module")
def street_of_two(tmp_path_factory):
    """Poles on two operators that hear each other."""
    folder = tmp_path_factory.mktemp("beacon")
    world = sync.InVirtualTime(folder, runtime("micropython-i386"), record(folder, SECONDS, seed=4))
    return world.run_together(["one", "other"] * 2, seed=4)


def test_poles_on_one_operator_begin_within_five_milliseconds_and_stay_within_ten(street):
    figures = skews([pole.errors_ms for pole in street[0]])
    assert figures["pairs"] == POLES * (POLES - 1) // 2
    assert figures["start_skew_ms"]["p95"] <= START_P95_MS
    assert figures["skew_ms"]["max"] <= MOST_MS
    assert [pole.underruns for pole in street[0]] == [0] * POLES


def test_every_pole_was_listened_to_from_its_first_sample_to_its_last_seconds(street):
    for pole in (*street[0], *street[1]):
        assert len(pole.errors_ms) == SECONDS // sync.EVERY_S
        assert pole.told["bursts"] >= 10 and pole.told["openings"] == 1 and pole.told["dropped"] == 0


def test_between_two_operators_the_unequal_ways_show(street):
    mixed = skews(*([pole.errors_ms for pole in side] for side in street))
    assert 9.0 <= mixed["start_skew_ms"]["p50"] <= 16.0  # half of 60 - 35 ms: no pole can know it


def test_with_a_beacon_two_operators_sound_as_one(street_of_two):
    figures = skews([pole.errors_ms for pole in street_of_two])
    assert [pole.operator for pole in street_of_two] == ["one", "other"] * 2  # 12 ms apart when each is by itself
    assert figures["start_skew_ms"]["p95"] <= START_P95_MS
    assert figures["skew_ms"]["max"] <= MOST_MS


AT_US = 1_772_413_200_000_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    samples = np.random.default_rng(1).integers(-20000, 20000, 10 * 16_000).astype("<i2")
    return Recording(tmp_path_factory.mktemp("r") / "none", samples, times=2)


@pytest.mark.parametrize("late_ms", [0.0, 7.5, -7.5, RESYNC_FRAMES / 16])
@pytest.mark.parametrize("frame", [0, 40_000, 12 * 16_000])
def test_how_late_a_piece_left_is_read_from_its_samples(recording, frame, late_ms):
    piece = Piece(AT_US + frame * 62.5 + late_ms * 1000, recording.piece(frame, 256))
    assert error_ms(piece, recording, AT_US) == pytest.approx(late_ms, abs=0.01)


def test_zeros_before_the_first_sample_are_no_part_of_the_recording(recording):
    piece = Piece(AT_US - 100 * 62.5, np.r_[np.zeros(100, "<i2"), recording.piece(0, 156)])
    assert error_ms(piece, recording, AT_US) == pytest.approx(0, abs=0.01)


def test_what_is_not_the_recording_is_not_measured(recording):
    with pytest.raises(NotFound):
        error_ms(Piece(AT_US + 2_000_000, np.arange(256, dtype="<i2") + 1), recording, AT_US)
    silent = Piece(AT_US + 2_000_000, np.zeros(256, "<i2"))
    with pytest.raises(NotFound):
        errors_ms([silent], recording, AT_US)
