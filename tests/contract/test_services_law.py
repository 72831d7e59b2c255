"""The law at its three moments, on a real database: planned, approved, sealed; and what changes in between."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from headend.domain.areas import METRES_A_DEGREE, AreaClass, Cluster
from headend.domain.bulletin import Kind
from headend.domain.charter import Setting, Slot
from headend.domain.delivery import DeliveryState
from headend.domain.errors import BadInput, NotAllowed, NotFound
from headend.domain.lawful import Unconfirmed, Unlawful
from headend.domain.person import Person, Role
from headend.domain.session import SessionState
from headend.services import bulletins, directives, on_air, places, receipts, sessions
from headend.services.directives import Told
from headend.services.sessions import Asked
from protocol import messages
from tests.support import nouns
from tests.support.house import AN, BINH, MONDAY, OFFICER, POLES, STRANGER, WARD

START = MONDAY + timedelta(minutes=30)
SATURDAY = START + timedelta(days=5)
RURAL = "00577"
PAPER = Told("Sở Thông tin và Truyền thông", "12/CV", date(2026, 2, 27), ["T-04"], [WARD], date(2026, 3, 7),
             date(2026, 3, 8))


def waiting(ports, text="Hôm nay phường phun thuốc muỗi.", **about):
    made = bulletins.speak(ports, AN, WARD, nouns.about("Phun thuốc muỗi", **about), text)
    return bulletins.submit(ports, AN, made.id)


def planned(ports, start=START, **asked):
    return sessions.plan(ports, AN, Asked(WARD, start, [waiting(ports).id], **asked))


def approved(ports, start=START, **asked):
    session = planned(ports, start, **asked)
    bulletins.approve(ports, BINH, session.bulletins[0])
    return sessions.get(ports, AN, session.id)


def sealed(house, start=START, **asked):
    session = approved(house.ports, start, **asked)
    on_air.catch_up(house.ports)
    return sessions.get(house.ports, AN, session.id)


def state(ports, session):
    return sessions.get(ports, AN, session.id).state


def refused(call, *args):
    with pytest.raises(Unlawful) as wrong:
        call(*args)
    return wrong.value.verdict


def test_a_directive_makes_a_saturday_lawful_and_is_told_to_the_poles(house):
    assert {one.rule for one in refused(planned, house.ports, SATURDAY).refusals} == {"T-04"}
    paper = directives.record(house.ports, BINH, replace(PAPER, lifts=["T-04", "T-05"]))
    session = sealed(house, SATURDAY, directive=paper.id)
    assert session.state is SessionState.SEALED
    [wire] = house.plans()[-1].sessions
    assert wire.lifted == ["T-05"]  # poles keep no weekdays


def test_a_directive_that_is_withdrawn_takes_its_sealed_session_off_the_air(house):
    paper = directives.record(house.ports, BINH, PAPER)
    session = sealed(house, SATURDAY, directive=paper.id)
    directives.withdraw(house.ports, BINH, paper.id)
    on_air.catch_up(house.ports)
    gone = sessions.get(house.ports, AN, session.id)
    assert gone.state is SessionState.REFUSED and "thứ bảy" in gone.why
    assert [one.session for one in house.orders() if isinstance(one, messages.Stop)] == [session.id]
    assert house.plans()[-1].sessions == []


@pytest.mark.parametrize("moment", ["before approval", "before sealing"])
def test_law_that_changes_in_between_is_the_law_that_counts(house, moment):
    ports = house.ports
    session = planned(ports) if moment == "before approval" else approved(ports)
    places.issue_charter(ports, BINH, WARD, MONDAY.date(), (Slot("afternoon", 1020, 1080),))
    if moment == "before approval":
        bulletins.approve(ports, BINH, session.bulletins[0])
    on_air.catch_up(ports)
    gone = sessions.get(ports, AN, session.id)
    assert gone.state is SessionState.REFUSED and "Quy chế" in gone.why
    assert house.plans() == [] or house.plans()[-1].sessions == []


def test_the_hours_of_a_charter_are_offered_as_the_next_slots(ports):
    places.issue_charter(ports, BINH, WARD, MONDAY.date(), (Slot("morning", 390, 420), Slot("afternoon", 1020, 1080)))
    answer = refused(planned, ports, START + timedelta(hours=2))
    assert {one.rule for one in answer.refusals} == {"T-08"}
    assert answer.next_slots == tuple(MONDAY.replace(minute=0) + timedelta(hours=hours, minutes=minutes)
                                      for hours, minutes in ((12, 0), (25, 30), (36, 0)))


def test_a_charter_wider_than_the_law_or_of_the_past_is_not_taken(ports):
    with pytest.raises(BadInput):
        places.issue_charter(ports, BINH, WARD, MONDAY.date(), (Slot("morning", 390, 420, 901),))
    with pytest.raises(BadInput):
        places.issue_charter(ports, BINH, WARD, MONDAY.date() - timedelta(days=1), ())
    with pytest.raises(NotAllowed):
        places.issue_charter(ports, AN, WARD, MONDAY.date(), ())
    assert places.local_law(ports, AN, WARD).charter is None


def test_what_a_commune_sets_otherwise_reaches_its_poles(house):
    wider = (Setting("T-15", "quiet_from_minute", 1140, "dân đề nghị"),)
    places.issue_charter(house.ports, BINH, WARD, MONDAY.date(), (), wider)
    sealed(house)
    [rules] = house.plans()[-1].rules
    assert (rules.quiet_from_minute, rules.poles, rules.length_rule) == (1140, [], "T-05")


def test_each_class_of_poles_gets_its_own_rules(house):
    with house.ports.db() as db:
        first, second = db.clusters(WARD)
        db.put_cluster(replace(second, area_class=AreaClass.H))
        db.put_cluster(replace(first, id="00070-03", area_class=AreaClass.H))
    sealed(house, clusters=POLES)
    [few, most] = house.plans()[-1].rules
    assert (few.poles, few.length_rule, few.max_session_seconds) == (["00070-01"], "T-05", 900)
    assert (most.poles, most.length_rule, most.max_session_seconds) == ([], "T-07", 2700)


def test_a_session_is_trimmed_to_where_it_is_lawful(ports):
    with ports.db() as db:
        _, second = db.clusters(WARD)
        db.put_cluster(replace(second, area_class=AreaClass.H))
    relay = waiting(ports, kind=Kind.RELAY)
    answer = refused(sessions.plan, ports, AN, Asked(WARD, START, [relay.id]))
    assert [(one.rule, one.cluster) for one in answer.refusals] == [("C-05", POLES[0])]
    session = sessions.plan(ports, AN, Asked(WARD, START, [relay.id], answer.lawful_clusters))
    assert session.clusters == (POLES[1],)


def test_a_cluster_that_is_set_aside_stays_behind_and_the_others_sound(house):
    session = sealed(house)
    places.set_aside(house.ports, OFFICER, POLES[1], True, "Quận sắp xếp lại")
    on_air.catch_up(house.ports)
    assert sessions.get(house.ports, AN, session.id).clusters == (POLES[0],)
    plan = house.plans()[-1]
    assert [one.poles for one in plan.sessions] == [[POLES[0]]]
    assert [(one.poles, one.suspended) for one in plan.rules] == [([POLES[1]], 1), ([], 0)] or [
        (one.poles, one.suspended) for one in plan.rules] == [([POLES[0]], 0), ([], 1)]
    places.set_aside(house.ports, OFFICER, POLES[1], False, "Cho phát lại")
    on_air.catch_up(house.ports)
    assert [one.suspended for one in house.plans()[-1].rules] == [0]


def test_setting_aside_needs_the_right_and_a_reason(ports):
    for person in (AN, BINH):
        with pytest.raises(NotAllowed):
            places.set_aside(ports, person, POLES[0], True, "vì")
    with pytest.raises(BadInput):
        places.set_aside(ports, OFFICER, POLES[0], True, " ")
    with pytest.raises(NotFound):
        places.set_aside(ports, OFFICER, "nowhere", True, "vì")


def neighbour_on_air(house):
    """Across the border, 100 m away, something else is said at the same time."""
    with house.ports.db() as db:
        ours = db.cluster(POLES[0])
        beside = ours.lat + 100 / METRES_A_DEGREE
        db.put_cluster(Cluster("00577-01", RURAL, "Cụm đầu cầu", AreaClass.H, beside, ours.lon))
    theirs = replace(AN, unit=RURAL)
    made = bulletins.speak(house.ports, theirs, RURAL, nouns.about("Khác"), "Xã họp chợ.")
    return sessions.plan(house.ports, theirs, Asked(RURAL, START, [made.id], reasons={"T-14": "đã báo phường"}))


def test_a_warning_asks_for_a_reason_which_is_kept(house):
    neighbour_on_air(house)
    with pytest.raises(Unconfirmed) as asked:
        planned(house.ports)
    assert {(one.rule, one.limit, one.actual) for one in asked.value.verdict.warnings} == {("T-14", 300, 100)}
    assert asked.value.verdict.allowed
    session = planned(house.ports, reasons={"T-14": "  Hai bên đã thống nhất  "})
    [kept] = sessions.get(house.ports, AN, session.id).confirmed
    assert (kept.rule, kept.reason, kept.by, kept.at) == ("T-14", "Hai bên đã thống nhất", "an", house.clock.now())
    bulletins.approve(house.ports, BINH, session.bulletins[0])
    assert state(house.ports, session) is SessionState.APPROVED


def test_a_warning_that_came_up_since_is_answered_by_the_approver(house):
    session = planned(house.ports)
    neighbour_on_air(house)
    with pytest.raises(Unconfirmed):
        bulletins.approve(house.ports, BINH, session.bulletins[0])
    assert state(house.ports, session) is SessionState.PLANNED
    bulletins.approve(house.ports, BINH, session.bulletins[0], {"T-14": "Xã bên đổi giờ"})
    assert [one.by for one in sessions.get(house.ports, AN, session.id).confirmed] == ["binh"]


def test_nobody_is_asked_for_a_reason_for_saying_the_same_as_the_neighbour(house):
    made = bulletins.speak(house.ports, AN, WARD, nouns.about("Chung"), "Xã họp chợ.")
    neighbour_on_air(house)
    assert sessions.plan(house.ports, AN, Asked(WARD, START, [made.id])).confirmed == ()


def test_what_is_said_of_a_bulletin_is_approved_with_it(house):
    session = approved(house.ports)
    changed = bulletins.describe(house.ports, AN, session.bulletins[0], nouns.about("Khác", event_day=date(2026, 3, 3)))
    assert changed.approver is None and changed.event_day == date(2026, 3, 3)
    assert state(house.ports, session) is SessionState.PLANNED


def test_a_bulletin_whose_event_is_over_takes_its_session_along(house):
    session = approved(house.ports)
    bulletins.describe(house.ports, AN, session.bulletins[0], nouns.about("Khác", event_day=date(2026, 3, 1)))
    gone = sessions.get(house.ports, AN, session.id)
    assert gone.state is SessionState.REFUSED and "đã qua 1 ngày" in gone.why


def test_a_refusal_of_a_pole_is_shown_with_its_rule(house):
    session = sealed(house)
    receipts.ingest(house.ports, [house.told(POLES[0], 1, messages.REFUSED, session.id, rule="T-15")])
    with house.ports.db() as db:
        told = db.delivery(session.id, POLES[0])
    assert (told.state, told.note) == (DeliveryState.REFUSED, "T-15")


def test_a_rule_set_is_chosen_by_the_city_and_binds_from_its_day(house):
    with house.ports.db() as db:
        for one in db.clusters(WARD):
            db.put_cluster(replace(one, area_class=AreaClass.Q4))
    session = approved(house.ports, START + timedelta(days=1))
    with pytest.raises(NotAllowed):
        places.choose_rules(house.ports, BINH, WARD, MONDAY.date(), "5133", "vì")
    places.choose_rules(house.ports, OFFICER, WARD, MONDAY.date() + timedelta(days=1), "5133", "Thành phố yêu cầu")
    on_air.catch_up(house.ports)
    assert state(house.ports, session) is SessionState.REFUSED
    assert planned(house.ports).state is SessionState.PLANNED  # today the old one still holds
    law = places.local_law(house.ports, AN, WARD)
    assert (law.book.id, [one.rule_set for one in law.regimes]) == ("D2021", ["5133"])


@pytest.mark.parametrize(("person", "communes", "fine"), [
    (BINH, [WARD], True), (BINH, [RURAL], False), (BINH, [WARD, RURAL], False), (BINH, ["all"], False),
    (OFFICER, ["all"], True), (OFFICER, [WARD, RURAL], True), (AN, [WARD], False), (STRANGER, [RURAL], False),
])
def test_a_directive_is_written_down_by_who_may_for_whom_it_reaches(ports, person, communes, fine):
    told = replace(PAPER, communes=communes)
    if fine:
        assert directives.record(ports, person, told).communes == tuple(communes)
    else:
        with pytest.raises(NotAllowed):
            directives.record(ports, person, told)


def test_a_directive_is_seen_where_it_reaches(ports):
    ours = directives.record(ports, BINH, PAPER)
    city = directives.record(ports, OFFICER, replace(PAPER, communes=["all"], from_day=date(2026, 1, 1),
                                                     to_day=date(2026, 3, 1)))
    chair = Person("cu", "Cư", Role.APPROVER, RURAL)
    assert [one.id for one in directives.all_of(ports, chair)] == [city.id]
    with pytest.raises(NotFound):
        directives.get(ports, chair, ours.id)
    assert {one.id for one in directives.all_of(ports, AN)} == {ours.id, city.id}
    assert [one.id for one in directives.usable(ports, AN, WARD)] == [ours.id]  # the other is over


@pytest.mark.parametrize(("head", "kind"), [
    (b"%PDF-1.7", "application/pdf"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"<html>", None), (b"", None),
])
def test_a_scan_is_kept_as_it_came_if_it_is_one(ports, tmp_path, head, kind):
    paper = tmp_path / "scan"
    paper.write_bytes(head + b"the signed paper")
    if kind is None:
        with pytest.raises(BadInput):
            directives.record(ports, BINH, PAPER, paper, "công văn.pdf")
        return
    made = directives.record(ports, BINH, PAPER, paper, "công văn.pdf")
    path, scan = directives.scan(ports, AN, made.id)
    assert (path.read_bytes(), scan.media_type, scan.name) == (paper.read_bytes(), kind, "công văn.pdf")


def test_a_clock_that_jumps_changes_no_order_that_was_lawful(house):
    session = sealed(house)
    for days in (-1, 1, -1):
        house.clock.pass_seconds(days * 86_400)
        if house.clock.now() < session.start_at:
            on_air.catch_up(house.ports)
            assert state(house.ports, session) is SessionState.SEALED
    house.clock.pass_seconds(10 * 86_400)
    on_air.catch_up(house.ports)
    assert state(house.ports, session) is SessionState.DONE
