"""What pages say of time, length and state."""

import re
from datetime import timedelta

import pytest

from headend.domain.bulletin import BulletinState
from headend.domain.delivery import DeliveryState
from headend.domain.errors import BadInput
from headend.domain.session import SessionState
from headend.domain.times import from_ms, hanoi
from headend.services.board import StepState
from headend.web import asked, words
from tests.support.project import ROOT

PLANNED = from_ms(1_763_949_600_000)  # Monday 2025-11-24 09:00 in Hà Nội


def test_instants_are_told_on_a_ha_noi_clock():
    assert words.moment(PLANNED) == "09:00 thứ hai, 24/11/2025"
    assert words.day(PLANNED + timedelta(days=6)) == "chủ nhật, 30/11/2025"
    assert words.second(PLANNED + timedelta(hours=15)) == "00:00:00"


@pytest.mark.parametrize(("off_us", "said"), [(0, "0,00 ms"), (-38, "−0,04 ms"), (1_540, "+1,5 ms"),
                                              (-9_960, "−10,0 ms"),
                                              (812_400, "+812 ms"), (75_000_000, "+1 phút 15 giây")])
def test_how_far_a_start_was_off_is_told_as_exactly_as_it_matters(off_us, said):
    assert words.error(1_763_949_600_000_000 + off_us, PLANNED) == said


def test_the_first_sample_is_told_to_the_millisecond():
    assert words.started(1_763_949_600_012_499) == "09:00:00,012"
    assert words.started(1_763_949_599_999_600) == "09:00:00,000"


@pytest.mark.parametrize(("ms", "said"), [(400, "0 giây"), (59_600, "1 phút 00 giây"), (65_000, "1 phút 05 giây")])
def test_lengths(ms, said):
    assert words.lasting(ms) == said


def test_loudness_has_a_comma_and_a_real_minus():
    assert words.lufs(-16.04) == "−16,0 LUFS"


def test_the_band_of_the_day_goes_from_five_to_twenty_one():
    at = [hanoi(PLANNED).replace(hour=hour) for hour in (4, 5, 13, 21, 23)]
    assert [words.across_day(one) for one in at] == ["0.00%", "0.00%", "50.00%", "100.00%", "100.00%"]


@pytest.mark.parametrize(("kind", "states"), [("delivery", DeliveryState), ("session", SessionState),
                                              ("bulletin", BulletinState), ("step", StepState)])
def test_every_state_has_a_shape_of_its_own_so_that_colour_is_never_the_only_sign(kind, states):
    shapes = [words.look(kind, state)[0] for state in states]
    assert len(set(shapes)) == len(shapes)


def test_a_poles_word_is_translated_and_a_rules_id_stays():
    assert (words.why("no_audio"), words.why("T-15"), words.why("file: x")) == ("chưa tải đủ tiếng", "T-15", "file: x")


@pytest.mark.parametrize(("written", "hour", "minute"), [
    ("17:00", 17, 0), ("17h", 17, 0), ("7h05", 7, 5), ("9g30", 9, 30), (" 06.15 ", 6, 15), ("23:59", 23, 59),
])
def test_a_time_may_be_written_as_people_here_write_it(written, hour, minute):
    at = asked.instant("2025-11-24", written)
    assert at == hanoi(PLANNED).replace(hour=hour, minute=minute)


@pytest.mark.parametrize("written", ["", "24:00", "7:5", "07:60", "7 PM", "sáng", "17:00:30", "1700"])
def test_what_is_no_time_is_told_with_an_example(written):
    with pytest.raises(BadInput) as bad:
        asked.instant("2025-11-24", written)
    assert bad.value.field == "time" and "17:00" in bad.value.message


def test_no_day_means_no_time_and_a_wrong_day_is_told():
    assert asked.instant("", "17:00") is None
    with pytest.raises(BadInput) as bad:
        asked.instant("24/11/2025", "17:00")
    assert bad.value.field == "day"


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        ("horns: fine", "thử loa: tốt"),
        ("horns: horn_open 2, horn_weak", "thử loa: loa 2 đứt dây, loa yếu tiếng"),
        ("horns: not now, T-15", "thử loa: đang giờ yên tĩnh (T-15)"),
        ("calibrate: done", "hiệu chuẩn: đã xong"),
        ("battery: weak, sag 620 mV, 750 min", "thử pin: pin yếu, sụt 0,6 V, còn 12 giờ"),
        ("something: else", "something: else"),
    ],
)
def test_what_a_pole_s_test_came_to_is_said_in_our_words(told, ours):
    assert words.checked(told) == ours


def test_every_end_of_a_test_that_a_pole_can_tell_has_words():
    text = "".join((ROOT / "firmware" / "app" / f"{name}.py").read_text() for name in ("checks", "senses"))
    ends = re.findall(r'(?:_over\(|CHECKED, why=)"(?:%s|\w+): ([^"%,]+)"', text)
    assert len(ends) >= 7 and set(ends) <= words.CAME_TO.keys()
