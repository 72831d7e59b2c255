"""What pages say of the law's numbers and marks."""

from datetime import date

import pytest

from headend.domain.charter import Setting, StationCharter
from headend.law import rulebook
from headend.web import rulings

BOOKS = rulebook.load_all()
RULES = [rule for book in BOOKS.values() for rule in book.rules.values()]


def test_every_number_of_every_rule_has_a_name_and_is_written_with_its_unit():
    for rule in RULES:
        for one in rulings.numbers(rule, None):
            assert one.title and one.value and one.value != str(rule.numbers), rule.id


@pytest.mark.parametrize(("name", "value", "written"), [
    ("max_seconds", 900, "15 phút"), ("pause_seconds", 90, "1 phút 30 giây"), ("quiet_from_minute", 1260, "21:00"),
    ("weekdays", [0, 1, 5], "thứ hai, ba, bảy"), ("fields", ["local_news"], "tin địa phương"),
    ("city_before", "12-20", "20/12"), ("metres", 300, "300 m")])
def test_numbers_are_read_as_people_read_them(name, value, written):
    assert rulings.write_number(name, value) == written


def test_what_a_charter_sets_otherwise_stands_beside_the_default_with_its_reason():
    rule = BOOKS["D2021"].rules["T-15"]
    charter = StationCharter("00070", date(2026, 1, 1), settings=(
        Setting("T-15", "quiet_from_minute", 1200, "gần bệnh viện"),))
    begin, end = rulings.numbers(rule, charter)
    assert (begin.value, begin.here, begin.reason) == ("21:00", "20:00", "gần bệnh viện")
    assert (end.value, end.here) == ("05:00", "")


def test_every_rule_stands_under_a_heading_and_every_word_for_it_is_known():
    for book in BOOKS.values():
        shown = [line.rule.id for _, lines in rulings.groups(book, None) for line in lines]
        assert shown == list(book.rules)
    for rule in RULES:
        assert rulings.FORCES[rule.force] and rulings.STATUSES[rule.status]


def test_what_rests_on_no_text_is_marked_as_unverified():
    marked = {line.rule.id for _, lines in rulings.groups(BOOKS["D2021"], None) for line in lines if line.unverified}
    assert "T-15" in marked and "T-04" not in marked
