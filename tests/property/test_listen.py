"""The ears of the bench: what they must not be fooled by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.listen import count_airings, decode, first_sound_index, match
from tests.support.sounds import RATE, int16, noise, recorded, silence, tune, write_wav

pytestmark = pytest.mark.slow

SOURCE = tune(6)
makes = st.sampled_from([noise, tune])
seeds = st.integers(0, 50)
few = settings(max_examples=8)


def after(samples: int, sound: np.ndarray, tail: int = 16_000) -> np.ndarray:
    return np.concatenate((np.zeros(samples, np.int16), sound, np.zeros(tail, np.int16)))


@given(makes, seeds, st.floats(1, 8), st.integers(0, 100_000), st.floats(0.01, 1))
@few
def test_a_sound_is_known_again_however_late_and_however_soft(make, seed, count, delay, gain):
    source = make(count, seed=seed)
    found = match(source, after(delay, int16(source * gain)))
    assert found.score > 0.98
    assert found.offset_samples == delay


@given(makes, seeds, st.floats(0, 20))
@few
def test_noise_lowers_the_score_by_what_it_covers(make, seed, snr_db):
    source = make(6, seed=seed)
    strength = np.sqrt(np.mean(np.square(source, dtype=float))) / 10 ** (snr_db / 20)
    heard = after(5000, source).astype(float) + noise(6 + 21_000 / RATE, strength, 99)[: len(source) + 21_000]
    expected = 1 / np.sqrt(1 + 10 ** (-snr_db / 10))
    assert match(source, heard).score == pytest.approx(expected, abs=0.03)


@given(makes, seeds, st.floats(0.1, 1), st.booleans())
@few
def test_what_is_missing_lowers_the_score_in_proportion(make, seed, part, beginning):
    source = make(8, seed=seed)
    kept = round(len(source) * part)
    piece = source[:kept] if beginning else source[-kept:]
    energy = np.square(piece, dtype=float).sum() / np.square(source, dtype=float).sum()
    assert match(source, after(7000, piece)).score == pytest.approx(energy, abs=0.08)


@given(makes, makes, st.integers(0, 50), st.integers(51, 99))
@few
def test_something_else_is_not_taken_for_it(make, make_other, seed, other_seed):
    other = make_other(9, seed=other_seed)
    source = make(6, seed=seed)
    assert match(source, after(3000, other)).score < 0.3
    assert count_airings(source, after(3000, other)) == 0


@given(makes, seeds, st.lists(st.integers(0, 60_000), min_size=0, max_size=3))
@few
def test_each_full_sounding_counts(make, seed, gaps):
    source = make(5, seed=seed)
    heard = np.concatenate([after(gap, source, 0) for gap in gaps] or [silence(5)])
    assert count_airings(source, heard) == len(gaps)


@given(makes, seeds, st.floats(0.25, 0.75), st.integers(1, 80_000))
@few
def test_stopped_and_resumed_is_one_airing(make, seed, part, gap):
    source = make(8, seed=seed)
    cut = round(len(source) * part)
    assert count_airings(source, np.concatenate((source[:cut], after(gap, source[cut:])))) == 1


@given(makes, seeds, st.floats(0.4, 0.9), st.integers(1, 80_000))
@few
def test_stopped_and_begun_anew_is_two(make, seed, part, gap):
    source = make(8, seed=seed)
    cut = round(len(source) * part)
    assert count_airings(source, np.concatenate((source[:cut], after(gap, source)))) == 2


@given(seeds, st.integers(16_000, 60_000), st.booleans())
@few
def test_single_samples_dropped_or_doubled_to_keep_time_do_no_harm(seed, every, drop):
    """16,000 samples apart is a crystal 62 ppm off."""
    source = tune(12, seed=seed)
    at = np.arange(every, len(source), every)
    heard = np.delete(source, at) if drop else np.insert(source, at, source[at])
    found = match(source, after(4000, heard))
    assert found.score > 0.95
    assert found.offset_samples == 4000
    assert count_airings(source, after(4000, heard)) == 1


def test_pauses_in_a_source_do_not_hide_an_airing():
    source = np.concatenate([phrase for seed in range(4) for phrase in (tune(1.5, seed=seed), silence(1))])
    assert count_airings(source, np.concatenate((silence(1), source, source))) == 2
    assert count_airings(source, source) == 1


def test_bits_of_a_source_are_no_airing():
    source = tune(10)
    bits = [after(9_000, source[start : start + RATE]) for start in range(0, len(source), 2 * RATE)]
    assert count_airings(source, np.concatenate(bits[::-1])) == 0


def test_an_even_tone_has_one_place_and_one_airing():
    tone = int16(8000 * np.sin(2 * np.pi * 440 * np.arange(10 * RATE) / RATE))
    heard = after(48_000, tone)
    assert match(tone, heard).offset_samples == 48_000
    assert count_airings(tone, heard) == 1
    assert count_airings(tone, np.concatenate((heard, heard))) == 2


def test_a_lost_beginning_puts_the_first_sample_before_the_recording():
    assert match(SOURCE, SOURCE[RATE:]).offset_samples == -RATE


NOTHING = [(SOURCE, silence(3)), (silence(3), SOURCE), (SOURCE, SOURCE[:0])]


@pytest.mark.parametrize(("source", "heard"), NOTHING)
def test_silence_matches_nothing(source, heard):
    assert match(source, heard).score == 0
    assert count_airings(source, heard) == 0


def test_the_first_sound_is_found_and_silence_has_none():
    assert first_sound_index(after(1234, SOURCE[100:])) >= 1234
    assert first_sound_index(np.array([0, 5, -40, 90], np.int16)) == 2
    assert first_sound_index(silence(1)) is None


def test_any_file_is_heard_as_it_sounds(tmp_path):
    assert match(SOURCE, decode(recorded(tmp_path / "song.mp3", SOURCE))).score > 0.99
    assert np.array_equal(decode(write_wav(tmp_path / "song.wav", SOURCE)), SOURCE)


def test_what_is_no_sound_can_not_be_listened_to(tmp_path):
    (tmp_path / "text").write_text("không phải âm thanh")
    with pytest.raises(RuntimeError, match="can not be decoded"):
        decode(tmp_path / "text")
