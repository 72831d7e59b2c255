"""What communes and their superiors add to the law: charters, directives, rule-sets, places to keep away from."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headend.domain import charter as charters
from headend.domain import directive as directives
from headend.domain.areas import METRES_A_DEGREE, AreaClass
from headend.domain.charter import Regime, Setting, Slot, StationCharter
from headend.domain.directive import Directive
from headend.domain.errors import BadInput, Conflict
from headend.domain.lawful import Law
from headend.domain.reporting import report_year
from headend.domain.siting import SensitivePlace, Spot, near_sensitive
from headend.law import rulebook
from tests.support.law import MONDAY, RURAL, WARD, item, on_air, proposal, verdict

BOOK = rulebook.load()
DAY = date(2026, 3, 7)
PAPER = Directive("d1", "Sở", "12/CV", date(2026, 2, 27), ("T-04",), ("00070",), DAY, date(2026, 3, 8))
LIFTABLE = sorted({one.id for book in rulebook.load_all().values() for one in book.rules.values() if one.liftable})


def rules_of(answer):
    return [one.rule for one in answer.refusals]


@pytest.mark.rule("T-09")
@pytest.mark.parametrize(("change", "broken"), [
    ({}, []),
    ({"lifts": ("T-05",)}, ["T-04"]),
    ({"communes": ("00577",)}, ["T-04"]),
    ({"communes": ("all",)}, []),
    ({"from_day": date(2026, 3, 8)}, ["T-04"]),
    ({"to_day": date(2026, 3, 7)}, []),
    ({"dated": date(2026, 3, 2)}, ["T-04"]),  # of tomorrow: it does not exist when this is judged
    ({"withdrawn_at": MONDAY}, ["T-04"]),
])
def test_a_directive_lifts_what_it_names_where_and_when_it_says(change, broken):
    asked = proposal(day=5, directive=replace(PAPER, **change))
    assert rules_of(verdict(asked)) == broken


@pytest.mark.rule("T-09")
def test_a_directive_that_nobody_calls_upon_lifts_nothing():
    assert rules_of(verdict(proposal(day=5))) == ["T-04"]


@pytest.mark.rule("T-09")
@given(st.sets(st.sampled_from(["T-03", "T-04", "T-05", "T-15", "C-06", "P-04", "C-08"])))
def test_what_is_lifted_is_never_more_than_what_is_named(lifts):
    """A second session too long at night on a Saturday, of unapproved music, at a cluster that is set aside."""
    silent = replace(WARD, suspended=True)
    music = item(1000, kind="music", approver=None)
    asked = proposal(5, "20:50", 1000, clusters=(silent,), items=(music,))
    air = [on_air(5, "13:00")]
    before = rules_of(verdict(asked, air))
    named = replace(asked, directive=replace(PAPER, lifts=tuple(lifts)))
    assert rules_of(verdict(named, air)) == [one for one in before if one not in lifts or one not in LIFTABLE]
    assert {"T-15", "C-06", "P-04"} <= set(rules_of(verdict(named, air)))


@pytest.mark.parametrize(("change", "field"), [
    ({"issuer": " "}, "issuer"), ({"number": ""}, "number"), ({"communes": ()}, "communes"),
    ({"to_day": date(2026, 3, 6)}, "to_day"), ({"lifts": ("T-15",)}, "lifts"), ({"lifts": ("C-06",)}, "lifts"),
])
def test_a_directive_that_says_too_little_or_too_much_is_not_taken(change, field):
    with pytest.raises(BadInput) as wrong:
        directives.check(replace(PAPER, **change), LIFTABLE)
    assert wrong.value.field == field


def test_a_directive_is_withdrawn_once():
    gone = directives.withdraw(PAPER, MONDAY)
    assert not gone.lifts_at("T-04", "00070", DAY, DAY)
    with pytest.raises(Conflict):
        directives.withdraw(gone, MONDAY)


@pytest.mark.rule("O-06")
@pytest.mark.parametrize(("slots", "settings", "field"), [
    ((Slot("morning", 360, 390, 901),), (), "slots"),  # wider than the 15 minutes of wards
    ((Slot("morning", 290, 390),), (), "slots"),  # before 05:00
    ((Slot("morning", 700, 730),), (), "slots"),  # over noon
    ((Slot("morning", 390, 390),), (), "slots"),
    ((Slot("evening", 360, 390),), (), "slots"),
    ((Slot("morning", 360, 390), Slot("morning", 380, 400)), (), "slots"),
    ((), (Setting("T-14", "metres", 501, "vì"),), "settings"),
    ((), (Setting("T-14", "metres", 200, " "),), "settings"),
    ((), (Setting("T-05", "max_seconds", 1800, "vì"),), "settings"),  # not ours to set
    ((), (Setting("T-15", "quiet_from_minute", 1320, "vì"),), "settings"),  # less quiet than the law
])
def test_a_charter_is_narrower_than_the_law_and_gives_its_reasons(slots, settings, field):
    with pytest.raises(BadInput) as wrong:
        charters.check(StationCharter("00070", DAY, slots, settings), BOOK, [AreaClass.Q])
    assert wrong.value.field == field


@pytest.mark.rule("O-06", "T-08")
def test_a_charter_that_is_narrower_is_taken_and_binds_from_its_day():
    first = StationCharter("00070", date(2026, 3, 3), (Slot("morning", 360, 390, 600),))
    charters.check(first, BOOK, [AreaClass.Q, AreaClass.H])
    law = Law(rulebook.load_all(), (), [first, StationCharter("00070", date(2026, 3, 5))])
    asked = [rules_of(verdict(proposal(day, "07:00"), law=law)) for day in range(5)]
    assert asked == [[], ["T-08"], ["T-08"], [], []]


def test_a_commune_sets_what_is_ours_otherwise():
    wide = StationCharter("00070", date(2026, 1, 1), (), (Setting("T-15", "quiet_from_minute", 1140, "dân đề nghị"),))
    law = Law(rulebook.load_all(), (), [wide])
    assert rules_of(verdict(proposal(0, "18:55"), law=law)) == ["T-15"]
    assert rules_of(verdict(proposal(0, "18:50"), law=law)) == []
    assert rules_of(verdict(proposal(0, "18:55", clusters=(RURAL,)), law=law)) == []


def test_the_last_rule_set_that_came_into_force_binds():
    law = Law(rulebook.load_all(), [Regime("00070", DAY, "5133"), Regime("00070", date(2026, 4, 1), "D2021")])
    days = (date(2026, 3, 6), DAY, date(2026, 3, 31), date(2026, 4, 1))
    assert [law.book("00070", day).id for day in days] == ["D2021", "5133", "5133", "D2021"]


def square(metres: float) -> SensitivePlace:
    """A school whose nearest fence is so far to the north of the ward's cluster."""
    far, side = metres / METRES_A_DEGREE, 0.001
    corners = [(far, -side), (far, side), (far + side, side), (far + side, -side)]
    return SensitivePlace("school", "Tràng An", tuple(Spot(WARD.lat + lat, WARD.lon + lon) for lat, lon in corners))


@pytest.mark.rule("P-05")
@pytest.mark.parametrize(("metres", "warned"), [(0, True), (99, True), (101, False), (-20, True), (1000, False)])
def test_a_cluster_near_a_school_warns(metres, warned):
    found = list(near_sensitive(BOOK, WARD, [square(metres)]))
    assert bool(found) == warned
    assert all((one.rule, one.limit, one.cluster) == ("P-05", 100, "k1") for one in found)
    assert [one.actual for one in found] == ([max(0, metres)] if warned else [])


@pytest.mark.rule("P-05")
def test_a_radius_can_be_set_for_each_kind_of_place():
    hospital = SensitivePlace("hospital", "Việt Đức", (Spot(WARD.lat + 150 / METRES_A_DEGREE, WARD.lon),))
    assert list(near_sensitive(BOOK, WARD, [hospital])) == []
    [found] = near_sensitive(BOOK, WARD, [hospital], {"hospital": 200})
    assert (found.limit, found.actual) == (200, 150)


@pytest.mark.rule("B-01", "B-02", "B-03")
@pytest.mark.parametrize(("day", "last"), [
    (date(2026, 12, 14), 2026), (date(2026, 12, 15), 2027), (date(2026, 1, 1), 2026), (date(2026, 12, 31), 2027),
    (date(2028, 2, 29), 2028),
])
def test_the_year_of_reports_runs_from_15_to_14_december(day, last):
    year = report_year(BOOK, day)
    assert (year.first, year.last) == (date(last - 1, 12, 15), date(last, 12, 14))
    assert (year.unit_by, year.city_by, year.ministry_by) == (date(last, 12, 15), date(last, 12, 19),
                                                              date(last, 12, 24))


@pytest.mark.rule("B-02")
@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_every_day_is_in_one_year_of_reports_and_the_years_join(day):
    year = report_year(BOOK, day)
    assert year.first <= day <= year.last
    assert report_year(BOOK, year.last + timedelta(days=1)).first == year.last + timedelta(days=1)
