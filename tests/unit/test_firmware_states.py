"""The pole's tables: every state and event, and what an illegal one does — nothing."""

import itertools

import pytest

from firmware.app import agenda, player, uplinks
from firmware.app.agenda import Agenda
from firmware.app.vault import Journal, Vault
from protocol import machine, messages
from simulator.hal.files import Files

NOW_MS = 1_760_000_000_000


@pytest.mark.parametrize("life", [agenda.LIFE, player.LIFE, uplinks.LIFE], ids=["agenda", "player", "uplinks"])
def test_an_event_that_has_no_meaning_raises_and_every_other_leads_to_a_state(life):
    for state, event in itertools.product(machine.states(life), machine.events(life)):
        if machine.can(life, state, event):
            assert machine.step(life, state, event) in machine.states(life)
        else:
            with pytest.raises(machine.IllegalEvent):
                machine.step(life, state, event)


def test_nothing_leads_from_an_end_back_on_air():
    for end in ("finished", "stopped", "missed", "refused"):
        assert not any(machine.can(agenda.LIFE, end, event) for event in machine.events(agenda.LIFE))


def test_the_speaker_is_closed_whatever_happens_to_it():
    for state in ("opening", "sounding", "closing"):
        assert machine.step(player.LIFE, state, "lost") == "idle"


def session(name: str, at_ms: int = NOW_MS, **more) -> messages.Session:
    item = messages.Item(media="ab" * 32, bytes=512, frames=1017)
    return messages.Session(id=name, at_ms=at_ms, length_ms=10_000, items=[item], **more)


def plan(version: int, *sessions: messages.Session) -> messages.Plan:
    return messages.Plan(version=version, rules=[messages.Rules()], sessions=list(sessions))


@pytest.fixture
def pole(tmp_path):
    vault = Vault(Files(str(tmp_path / "data")))
    stored = set()
    made = Agenda("p1", vault, Journal(vault, bytes), stored.__contains__)
    made.stored_media = stored
    return made


def test_a_plan_names_only_what_concerns_this_pole(pole):
    found = pole.accept("g/00070", plan(1, session("a"), session("b", poles=["p2"]), session("c", poles=["p1"])))
    assert [one.id for one in found] == ["a", "c"]


def test_a_newer_plan_tells_only_of_what_is_new_or_changed(pole):
    pole.accept("g/00070", plan(1, session("a"), session("b")))
    found = pole.accept("g/00070", plan(2, session("a"), session("b", NOW_MS + 1), session("c")))
    assert [one.id for one in found] == ["c", "b"] or [one.id for one in found] == ["b", "c"]


def test_plans_of_two_groups_stand_beside_each_other_and_survive_a_restart(pole, tmp_path):
    pole.accept("g/00070", plan(3, session("a")))
    pole.accept("g/all", plan(9, session("b", NOW_MS - 1)))
    vault = Vault(Files(str(tmp_path / "data")))
    again = Agenda("p1", vault, Journal(vault, bytes), lambda media: False)
    again.load(["p/p1", "g/00070", "g/all"])
    assert [entry.session.id for entry in again.in_order()] == ["b", "a"]
    assert again.version() == 9 and again.plans["g/00070"] == pole.plans["g/00070"]


def test_audio_makes_ready_and_its_loss_makes_planned_again(pole):
    pole.accept("g/00070", plan(1, session("a")))
    assert pole.due(NOW_MS, 0) is None
    pole.stored_media.add("ab" * 32)
    assert [one.id for one in pole.renew_media()] == ["a"]
    assert pole.due(NOW_MS - 900, 1000).session.id == "a"
    pole.stored_media.clear()
    pole.renew_media()
    assert pole.due(NOW_MS, 0) is None and [item.media for item in pole.wanted(NOW_MS)] == ["ab" * 32]


def test_a_session_on_air_goes_on_when_a_newer_plan_no_longer_names_it(pole):
    pole.stored_media.add("ab" * 32)
    pole.accept("g/00070", plan(1, session("a"), session("b", NOW_MS + 60_000)))
    pole.entries["a"].step("sound")
    pole.accept("g/00070", plan(2))
    assert set(pole.entries) == {"a"}


def test_with_less_than_a_second_left_a_session_is_over(pole):
    pole.stored_media.add("ab" * 32)
    pole.accept("g/00070", plan(1, session("a")))
    assert pole.due(NOW_MS + 9000, 0) is not None
    assert pole.due(NOW_MS + 9001, 0) is None
    assert [entry.session.id for entry in pole.over(NOW_MS + 9001)] == ["a"]


def test_of_what_is_due_the_emergency_comes_first_then_what_has_begun_then_the_more_urgent(pole):
    pole.stored_media.add("ab" * 32)
    pole.accept("g/00070", plan(1, session("n"), session("p", urgency=1), session("e", urgency=2), session("b")))
    pole.entries["b"].step("sound")
    pole.entries["b"].step("interrupt")
    order = []
    while entry := pole.due(NOW_MS, 0):
        order.append(entry.session.id)
        del pole.entries[entry.session.id]
    assert order == ["e", "b", "p", "n"]


def test_only_an_emergency_that_is_ready_and_not_over_breaks_in_and_only_into_what_is_none(pole):
    pole.stored_media.add("ab" * 32)
    normal, urgent = session("n"), session("e", NOW_MS + 9_000, urgency=2)
    pole.accept("g/00070", plan(1, normal, session("p", urgency=1)))
    assert pole.breaks_in_ms(normal, NOW_MS, 2_000) is None
    pole.accept("g/00070", plan(2, normal, urgent))
    assert pole.breaks_in_ms(normal, NOW_MS, 2_000) == 7_000
    assert pole.breaks_in_ms(normal, NOW_MS + 8_000, 2_000) == 0
    assert pole.breaks_in_ms(urgent, NOW_MS + 8_000, 2_000) is None
    assert pole.breaks_in_ms(normal, NOW_MS + 30_000, 2_000) is None
    pole.stored_media.clear()
    pole.renew_media()
    assert pole.breaks_in_ms(normal, NOW_MS + 8_000, 2_000) is None


def test_the_day_s_volumes_outlive_a_restart(pole, tmp_path):
    parts = [messages.DayPart(from_minute=390, half_db=0), messages.DayPart(from_minute=1170, half_db=-12)]
    pole.accept("g/00070", messages.Plan(version=1, rules=[messages.Rules()], sessions=[session("a")], day_parts=parts))
    vault = Vault(Files(str(tmp_path / "data")))
    again = Agenda("p1", vault, Journal(vault, bytes), lambda media: False)
    again.load(["g/00070"])
    assert again.entries["a"].day_parts == parts
