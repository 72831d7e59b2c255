"""Sound drawn as one outline."""

import re

from headend.web import wave

FULL = 32_767


def numbers(drawn: str) -> list[tuple[float, float]]:
    """The points of a path."""
    return [tuple(map(float, one.split())) for one in re.split("[MLZ]", drawn) if one]


def test_no_sound_is_no_outline():
    assert wave.path([]) == ""


def test_silence_is_a_hair_and_full_scale_fills_the_box():
    heights = [y for _, y in numbers(wave.path([(0, 0)] * 10))]
    assert max(heights) - min(heights) < 2
    heights = [y for _, y in numbers(wave.path([(-FULL, FULL)] * 10))]
    assert min(heights) <= 1 and max(heights) >= wave.HEIGHT - 1


def test_an_outline_lies_between_its_start_and_end():
    across = [x for x, _ in numbers(wave.path([(-9, 9)] * 500, 0.25, 0.75))]
    assert 250 <= min(across) < 255 and 745 < max(across) <= 750


def test_a_click_survives_the_thinning():
    quiet = [(0, 0)] * 5000
    quiet[1234] = (-FULL, FULL)
    drawn = numbers(wave.path(quiet))
    assert len(drawn) == 2 * wave.SLICES and min(y for _, y in drawn) <= 1
    at = [x for x, y in drawn if y <= 1]
    assert abs(at[0] - 1000 * 1234 / 5000) < 1000 / wave.SLICES


def test_the_outline_goes_there_and_back():
    drawn = numbers(wave.path([(-100, 100)] * 20))
    assert [x for x, _ in drawn[:20]] == [x for x, _ in drawn[:19:-1]]
