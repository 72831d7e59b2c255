"""What a warning says aloud."""

from dataclasses import replace

import pytest

from headend.domain.alert import Becomes, Status
from headend.domain.alert_words import ALL_CLEAR, DRILL, MOST_LETTERS, sentences, spoken
from tests.support import caps
from tests.support.caps import flood, vietnamese

WHO = "Ban chỉ huy phòng thủ dân sự thành phố thông báo: "


def said(alert, kind=Becomes.EMERGENCY, most=MOST_LETTERS):
    return spoken(alert, [one for one in alert.infos if one.vietnamese], kind, most)


def test_who_what_and_what_to_do_in_this_order():
    assert said(flood()) == (
        WHO + "Lũ quét trên sông Bùi. Nước sông Bùi đang lên rất nhanh. Dự báo đỉnh lũ lúc 7 giờ. "
        "Bà con ven sông di chuyển ngay lên nơi cao. Không quay lại lấy tài sản. Không đi qua ngầm tràn."
    )


def test_without_a_headline_the_event_is_said():
    alert = vietnamese(headline=None, sender_name=None, description=None, instruction=None)
    assert said(alert) == "Lũ quét."


def test_nothing_is_said_twice():
    twice = replace(flood(), infos=flood().infos[1:] * 2)
    assert said(twice) == said(flood())
    assert said(vietnamese(description="Lũ quét trên sông Bùi.", sender_name=None)).count("Lũ quét") == 1


def test_a_drill_says_so_before_and_after():
    text = said(replace(flood(), status=Status.EXERCISE), Becomes.DRILL)
    assert text.startswith(f"{DRILL} {WHO}")
    assert text.endswith(f" {DRILL}")
    assert DRILL == "Đây là diễn tập."
    assert DRILL not in said(flood())


@pytest.mark.parametrize("most", range(40, 320, 7))
def test_a_drill_that_was_cut_still_says_so_on_both_ends(most):
    text = said(replace(flood(), status=Status.EXERCISE), Becomes.DRILL, most)
    assert (text.startswith(DRILL), text.endswith(DRILL)) == (True, True)
    assert len(text) <= most


def test_an_all_clear_begins_with_what_it_is():
    assert said(replace(flood(), infos=()), Becomes.ALL_CLEAR) == ALL_CLEAR
    assert said(flood(), Becomes.ALL_CLEAR).startswith(f"{ALL_CLEAR} Lũ quét trên sông Bùi.")
    assert "di chuyển" not in said(flood(), Becomes.ALL_CLEAR)


def test_of_nothing_nothing_is_said():
    assert said(flood(), Becomes.NOTHING) == ""


@pytest.mark.parametrize("most", range(20, 300, 7))
def test_a_text_ends_where_a_sentence_ends_and_is_never_too_long(most):
    text = said(flood(), most=most)
    assert 0 < len(text) <= most
    assert text[-1] in ".…"
    assert text[-1] == "…" or set(sentences(text)) <= set(sentences(said(flood())))


def test_what_to_do_is_said_before_what_happens_is_told_at_length():
    alert = vietnamese(description="Mưa rất to ở thượng nguồn. " + "Nước dâng cao nhanh " * 60)
    assert "Mưa rất to ở thượng nguồn." in said(alert)
    assert said(alert).endswith("Không đi qua ngầm tràn.")
    assert "Nước dâng" not in said(alert)


def test_the_middle_of_an_instruction_is_never_left_out():
    """Else "Do not … cross the ford" could lose its first half, and a step its condition."""
    alert = vietnamese(description=None, instruction="Một. " + "Hai " * 300 + ". Ba.")
    assert said(alert).endswith("Một.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, []),
        (" \n . ", []),
        ("Mưa to", ["Mưa to."]),
        ("Mưa to! Gió lớn?", ["Mưa to!", "Gió lớn?"]),
        ("Mưa to tại\nBa Vì và\n  Sơn Tây.", ["Mưa to tại Ba Vì và Sơn Tây."]),
        ("Mưa to\n\nGió lớn", ["Mưa to.", "Gió lớn."]),
        ("Cần:\n- đèn\n- nước;\n• áo mưa", ["Cần.", "đèn.", "nước.", "áo mưa."]),
        ("Gió 7.5 m/s, giật 9,5", ["Gió 7.5 m/s, giật 9,5."]),
        ("Nhiệt độ\n-5 độ", ["Nhiệt độ -5 độ."]),
    ],
)
def test_texts_come_in_lines_and_are_spoken_in_sentences(text, found):
    assert sentences(text) == found


def test_english_is_assembled_too_for_a_person_to_translate():
    assert spoken(flood(), flood().infos[:1], Becomes.EMERGENCY) == "Flash flood on the Bui river."
    assert caps.flood().infos[0].vietnamese is False
