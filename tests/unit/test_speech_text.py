"""What may reach a voice."""

import unicodedata

import pytest

from headend.adapters.speech.text import MOST_CHARACTERS, BadText, cleaned


def test_vietnamese_is_composed_however_it_was_typed():
    text = "Đề nghị bà con giữ gìn vệ sinh."
    assert cleaned(unicodedata.normalize("NFD", text)) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Kính thưa \t  bà con \u00a0 ", "Kính thưa bà con"),
        ("một\r\nhai\rba\u2028bốn", "một\nhai\nba\nbốn"),
        ("\n\n một \n\n\n hai \n", "một\nhai"),
        ("bà\u200b con\ufeff", "bà con"),
        ("\u202ebà con\u202c", "bà con"),
        ("bà\x00 con\x07\x1b[31m", "bà con[31m"),
        ("bà con \ud800", "bà con"),
        ("họp lúc 7:30, <b>nhà</b> [[số]] 5!", "họp lúc 7:30, <b>nhà</b> [[số]] 5!"),
    ],
)
def test_what_can_not_be_seen_is_not_spoken(text, clean):
    assert cleaned(text) == clean


@pytest.mark.parametrize("text", ["", "  \n\t ", "...!?", "\u200b\u200b", "—–-"])
def test_nothing_to_say_is_refused(text):
    with pytest.raises(BadText) as refused:
        cleaned(text)
    assert (refused.value.field, refused.value.message) == ("text", "Chưa có nội dung nào để đọc.")


def test_a_text_may_be_long_but_not_longer():
    assert len(cleaned("a" * MOST_CHARACTERS + " " * 50)) == MOST_CHARACTERS
    with pytest.raises(BadText, match=r"20\.000 ký tự"):
        cleaned("a" * (MOST_CHARACTERS + 1))
