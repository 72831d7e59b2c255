"""From a typed text to a sealed plan and back: services on a real database, with real sound, speech and keys."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headend.domain.bulletin import BulletinState
from headend.domain.delivery import DeliveryState
from headend.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from headend.domain.lawful import Unlawful
from headend.domain.person import Role
from headend.domain.session import SessionState
from headend.domain.times import to_ms
from headend.ports import Incoming
from headend.services import bulletins, on_air, receipts, sessions
from headend.services.sessions import Asked
from protocol import messages, receipt
from tests.support import nouns
from tests.support.house import AN, BINH, MONDAY, OFFICER, POLES, STRANGER, WARD

START = MONDAY + timedelta(minutes=30)


def written(ports, text="Kính thưa bà con, hôm nay phường phun thuốc muỗi."):
    return bulletins.speak(ports, AN, WARD, nouns.about("Phun thuốc muỗi"), text)


def waiting(ports):
    return bulletins.submit(ports, AN, written(ports).id)


def planned(ports, start=START, bulletin=None):
    bulletin = bulletin or waiting(ports)
    return bulletin, sessions.plan(ports, AN, Asked(WARD, start, [bulletin.id]))


def sealed(house):
    bulletin, session = planned(house.ports)
    bulletins.approve(house.ports, BINH, bulletin.id)
    on_air.catch_up(house.ports)
    return bulletin, sessions.get(house.ports, AN, session.id)


def test_two_people_two_presses_and_a_sealed_plan_waits_in_the_outbox(house):
    bulletin, session = sealed(house)
    assert session.state is SessionState.SEALED
    [plan] = house.plans()
    [wire] = plan.sessions
    assert (wire.id, wire.at_ms, wire.length_ms) == (session.id, to_ms(START), session.duration_ms)
    assert wire.items[0].frames == session.duration_ms * 16
    assert sorted(wire.poles) == list(POLES)
    assert house.ports.sound.media(wire.items[0].media).stat().st_size == wire.items[0].bytes
    with house.ports.db() as db:
        assert {one.pole: one.state for one in db.deliveries(session.id)} == dict.fromkeys(POLES, DeliveryState.ORDERED)


def test_the_length_that_the_law_judged_is_the_length_that_is_sealed(house):
    _, session = planned(house.ports)
    asked_ms = session.duration_ms
    bulletins.approve(house.ports, BINH, session.bulletins[0])
    on_air.catch_up(house.ports)
    assert sessions.get(house.ports, AN, session.id).duration_ms == asked_ms


def test_nothing_is_sealed_before_somebody_else_has_approved(house):
    bulletin, session = planned(house.ports)
    on_air.catch_up(house.ports)
    assert house.orders() == []
    with pytest.raises(NotAllowed):
        bulletins.approve(house.ports, AN, bulletin.id)
    assert sessions.get(house.ports, AN, session.id).state is SessionState.PLANNED


def test_an_approver_who_is_the_author_is_refused_with_the_clause(ports):
    bulletin = waiting(ports)
    with ports.db() as db:
        db.put_bulletin(replace(bulletin, author="binh"))
    with pytest.raises(Unlawful) as refused:
        bulletins.approve(ports, BINH, bulletin.id)
    assert refused.value.verdict.refusals[0].rule == "C-06"
    assert bulletins.get(ports, BINH, bulletin.id).state is BulletinState.SUBMITTED


def test_a_second_morning_session_is_refused_and_takes_no_air(ports):
    planned(ports)
    other = waiting(ports)
    with pytest.raises(Unlawful) as refused:
        sessions.plan(ports, AN, Asked(WARD, START + timedelta(hours=2), [other.id]))
    verdict = refused.value.verdict
    assert {one.rule for one in verdict.refusals} == {"T-03"}
    session = sessions.plan(ports, AN, Asked(WARD, verdict.next_slots[0], [other.id]))
    assert session.state is SessionState.PLANNED


def test_a_crash_between_approval_and_sealing_loses_nothing(house):
    bulletin, session = planned(house.ports)
    bulletins.approve(house.ports, BINH, bulletin.id)
    assert sessions.get(house.ports, AN, session.id).state is SessionState.APPROVED  # and here the power fails
    on_air.catch_up(house.ports)
    on_air.catch_up(house.ports)
    assert len(house.plans()) == 1


def test_replacing_the_text_after_approval_takes_the_approval_away(house):
    bulletin, session = planned(house.ports)
    bulletins.approve(house.ports, BINH, bulletin.id)
    bulletins.replace_text(house.ports, AN, bulletin.id, "Nội dung khác hẳn, phải duyệt lại.")
    on_air.catch_up(house.ports)
    assert bulletins.get(house.ports, AN, bulletin.id).state is BulletinState.DRAFT
    assert sessions.get(house.ports, AN, session.id).state is SessionState.PLANNED
    assert house.orders() == []


def test_a_recording_changed_on_disk_after_approval_is_not_sealed(house):
    own = written(house.ports, "Bản thu này sẽ bị ai đó sửa trên đĩa.")
    bulletin, session = planned(house.ports, bulletin=bulletins.submit(house.ports, AN, own.id))
    bulletins.approve(house.ports, BINH, bulletin.id)
    with open(house.ports.sound.recording(bulletin.sha256), "r+b") as file:
        file.seek(1000)
        file.write(b"\x01\x02\x03\x04")
    on_air.catch_up(house.ports)
    session = sessions.get(house.ports, AN, session.id)
    assert session.state is SessionState.REFUSED and "đã duyệt" in session.why
    assert house.orders() == []


def test_withdrawing_a_sealed_session_sends_a_stop_and_a_plan_without_it(house):
    _, session = sealed(house)
    sessions.withdraw(house.ports, BINH, session.id)
    on_air.catch_up(house.ports)
    stop = [one for one in house.orders() if isinstance(one, messages.Stop)]
    assert [one.session for one in stop] == [session.id]
    assert house.plans()[-1].sessions == [] and house.plans()[-1].version == 2


def test_withdrawing_a_bulletin_takes_its_sealed_session_off_the_air_too(house):
    bulletin, session = sealed(house)
    bulletins.withdraw(house.ports, AN, bulletin.id)
    on_air.catch_up(house.ports)
    assert sessions.get(house.ports, AN, session.id).state is SessionState.WITHDRAWN
    assert [one.session for one in house.orders() if isinstance(one, messages.Stop)] == [session.id]
    assert house.plans()[-1].sessions == []


def test_what_waits_is_not_lost_behind_a_hundred_newer_bulletins(ports):
    first = waiting(ports)
    with ports.db() as db:
        for number in range(150):
            db.put_bulletin(replace(first, id=f"newer{number}", state=BulletinState.DRAFT,
                                    created_at=first.created_at + timedelta(seconds=number + 1)))
    assert [one.id for one in bulletins.waiting(ports, BINH)] == [first.id]


def test_a_session_that_nobody_approved_in_time_is_refused_with_a_sentence(house):
    _, session = planned(house.ports)
    house.clock.at = START
    on_air.catch_up(house.ports)
    session = sessions.get(house.ports, AN, session.id)
    assert (session.state, session.why) == (SessionState.REFUSED, "Không được duyệt trước giờ phát.")


def test_sessions_begin_and_end_with_the_clock(house):
    _, session = sealed(house)
    house.clock.at = START
    on_air.catch_up(house.ports)
    assert sessions.get(house.ports, AN, session.id).state is SessionState.ON_AIR
    house.clock.at = session.end_at
    on_air.catch_up(house.ports)
    assert sessions.get(house.ports, AN, session.id).state is SessionState.DONE


def test_a_plan_is_sealed_afresh_before_its_seal_grows_old(house):
    _, session = planned(house.ports, START + timedelta(days=2))
    bulletins.approve(house.ports, BINH, session.bulletins[0])
    on_air.catch_up(house.ports)
    house.clock.pass_seconds(on_air.FRESH.total_seconds() + 1)
    on_air.catch_up(house.ports)
    first, second = house.plans()
    assert (second.version, second.sessions) == (first.version + 1, first.sessions)


def test_receipts_move_the_delivery_and_are_acknowledged_after_they_are_stored(house):
    _, session = sealed(house)
    pole = POLES[0]
    kinds = (messages.RECEIVED, messages.READY, messages.STARTED, messages.FINISHED)
    batch = [house.told(pole, seq, kind, session.id) for seq, kind in enumerate(kinds, 1)]
    [answer] = receipts.ingest(house.ports, batch)
    ack = receipt.unpack(house.ports.pole_key(pole), receipt.ACK, messages.Ack, answer.payload)
    assert (answer.topic, ack.upto) == (f"loa/p/{pole}/ack", 4)
    with house.ports.db() as db:
        assert db.delivery(session.id, pole).state is DeliveryState.PLAYED


def test_a_receipt_delivered_twice_is_stored_once_and_acknowledged_again(house):
    _, session = sealed(house)
    told = house.told(POLES[0], 1, messages.RECEIVED, session.id)
    first, again = receipts.ingest(house.ports, [told]), receipts.ingest(house.ports, [told, told])
    assert first == again
    with house.ports.db() as db:
        assert len(db.receipts(pole=POLES[0])) == 1


def test_a_gap_in_the_numbers_is_not_acknowledged(house):
    _, session = sealed(house)
    [answer] = receipts.ingest(house.ports, [house.told(POLES[0], 2, messages.READY, session.id)])
    ack = receipt.unpack(house.ports.pole_key(POLES[0]), receipt.ACK, messages.Ack, answer.payload)
    assert ack.upto == 0


def test_a_receipt_under_another_poles_key_is_dropped(house):
    _, session = sealed(house)
    stolen = house.told(POLES[0], 1, messages.FINISHED, session.id)
    moved = replace(stolen, topic=stolen.topic.replace(POLES[0], POLES[1]))
    assert receipts.ingest(house.ports, [moved]) == []
    with house.ports.db() as db:
        assert db.receipts() == []


def telemetry(house, pole, ahead_seconds=0, **more):
    """As the pole would send it."""
    told = messages.Telemetry(pole=pole, at_ms=to_ms(house.clock.now()) + ahead_seconds * 1000, **more)
    payload = receipt.pack(house.ports.pole_key(pole), receipt.TELEMETRY, told)
    return Incoming(f"loa/p/{pole}/telemetry", payload), told


def test_of_what_poles_feel_the_newest_is_kept_and_nothing_is_acknowledged(house):
    first, _ = telemetry(house, POLES[0], mains=1)
    second, newest = telemetry(house, POLES[0], 60, mains=0)
    assert receipts.ingest(house.ports, [first, second]) == []
    with house.ports.db() as db:
        assert [one for one, _ in db.telemetry()] == [newest]


def test_telemetry_of_strangers_under_another_key_or_from_far_ahead_is_dropped(house):
    stolen, _ = telemetry(house, POLES[0])
    ahead, _ = telemetry(house, POLES[1], 2 * 3600)
    stranger, _ = telemetry(house, "00070-99")
    as_state = replace(stolen, topic=f"loa/p/{POLES[0]}/state")
    receipts.ingest(house.ports, [replace(stolen, topic=f"loa/p/{POLES[1]}/telemetry"), ahead, stranger, as_state])
    with house.ports.db() as db:
        assert db.telemetry() == [] and db.pole_states() == []


@pytest.mark.parametrize(("person", "trouble"), [(STRANGER, NotAllowed), (OFFICER, NotAllowed), (BINH, NotAllowed)])
def test_only_the_stations_own_broadcaster_writes_and_plans(ports, person, trouble):
    with pytest.raises(trouble):
        bulletins.speak(ports, person, WARD, nouns.about("Tin"), "Xin chào")
    with pytest.raises(trouble):
        sessions.plan(ports, person, Asked(WARD, START, ["b"]))


def test_wrong_words_get_one_sentence_and_leave_nothing(ports):
    wrong = [("", "notice", "a"), ("x" * 121, "notice", "a"), ("T", "nhạc", "a"), ("T", "notice", "  ")]
    for title, field, text in wrong:
        with pytest.raises(BadInput) as bad:
            bulletins.speak(ports, AN, WARD, nouns.about(title, field), text)
        assert bad.value.message.endswith(".")
    with ports.db() as db:
        assert db.bulletins() == []


def test_a_session_in_the_past_or_with_strange_clusters_is_refused(ports):
    bulletin = waiting(ports)
    for start, clusters in [(MONDAY - timedelta(minutes=1), []), (START, ["00577-01"])]:
        with pytest.raises(BadInput):
            sessions.plan(ports, AN, Asked(WARD, start, [bulletin.id], clusters))
    with pytest.raises(NotFound):
        sessions.get(ports, AN, "nothing")


def test_pressing_approve_twice_is_a_conflict_and_changes_nothing(ports):
    bulletin = waiting(ports)
    approved = bulletins.approve(ports, BINH, bulletin.id)
    with pytest.raises(Conflict):
        bulletins.approve(ports, BINH, bulletin.id)
    assert bulletins.get(ports, BINH, bulletin.id) == approved


def test_a_bulletin_sent_back_says_why(ports):
    bulletin = waiting(ports)
    with pytest.raises(BadInput):
        bulletins.send_back(ports, BINH, bulletin.id, " ")
    back = bulletins.send_back(ports, BINH, bulletin.id, "Sai ngày")
    assert (back.state, back.note) == (BulletinState.DRAFT, "Sai ngày")


def test_what_waits_for_approval_is_listed_for_the_unit_only(ports):
    bulletin = waiting(ports)
    assert [one.id for one in bulletins.waiting(ports, BINH)] == [bulletin.id]
    assert bulletins.waiting(ports, replace(BINH, unit="00577")) == []


def test_the_audit_log_keeps_who_did_what(house):
    bulletin, session = sealed(house)
    with house.ports.db() as db:
        actions = {(one.username, one.action, one.thing) for one in db.audit()}
    assert {("an", "bulletin.create", bulletin.id), ("an", "session.plan", session.id),
            ("binh", "bulletin.approve", bulletin.id), ("", "session.sealed", session.id)} <= actions


def test_no_role_but_the_approver_approves(ports):
    bulletin = waiting(ports)
    for role in set(Role) - {Role.APPROVER}:
        with pytest.raises(NotAllowed):
            bulletins.approve(ports, replace(BINH, role=role), bulletin.id)
