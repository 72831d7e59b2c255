"""Each second a round: it looks at what is due, and what fails for one station fails for that one only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headend.domain.areas import AreaClass, Cluster
from headend.domain.session import SessionState
from headend.services import bulletins, on_air, sessions
from headend.services.sessions import Asked
from protocol import topics
from tests.support import house as house_
from tests.support import nouns
from tests.support.house import AN, BINH, MONDAY, WARD

START = MONDAY + timedelta(minutes=30)
OTHER = "00577"


@pytest.fixture
def house(tmp_path):
    house = house_.build(tmp_path)
    with house.ports.db() as db:
        db.put_cluster(Cluster(f"{OTHER}-01", OTHER, "Cụm 01", AreaClass.H, 20.98, 105.9))
    yield house
    house.database.close()


def approved(house, unit=WARD):
    """A session that two people of this unit have agreed on, and nothing more."""
    author, approver = replace(AN, unit=unit), replace(BINH, unit=unit)
    made = bulletins.speak(house.ports, author, unit, nouns.about("Phun thuốc muỗi"), "Hôm nay phun thuốc muỗi.")
    bulletins.submit(house.ports, author, made.id)
    session = sessions.plan(house.ports, author, Asked(unit, START, [made.id]))
    bulletins.approve(house.ports, approver, made.id)
    return session


def due(house):
    with house.ports.db(readonly=True) as db:
        return db.plans_due(house.clock.now())


def state(house, session):
    with house.ports.db(readonly=True) as db:
        return db.session(session.id).state


def failing(ports, unit):
    """The same ports, but no order of this unit can be sealed."""

    class Sealer:
        def __getattr__(self, name):
            return getattr(ports.sealer, name)

        def seal(self, seq, iat_ms, exp_ms, to, message):
            if to == topics.group(unit):
                raise OSError("the key can not be read")
            return ports.sealer.seal(seq, iat_ms, exp_ms, to, message)

    return replace(ports, sealer=Sealer())


def test_a_round_leaves_nothing_due_and_a_change_makes_its_own_station_due(house):
    approved(house)
    there = approved(house, OTHER)
    assert sorted(due(house)) == [WARD, OTHER]
    on_air.catch_up(house.ports)
    assert due(house) == []
    sessions.withdraw(house.ports, replace(BINH, unit=OTHER), there.id)
    assert due(house) == [OTHER]


def test_time_alone_brings_a_plan_back_within_minutes(house):
    approved(house)
    on_air.catch_up(house.ports)
    house.clock.pass_seconds(on_air.LOOK_AGAIN.total_seconds() - 1)
    assert due(house) == []
    house.clock.pass_seconds(1)
    assert due(house) == [WARD]


def test_going_on_air_and_off_changes_no_plan(house):
    session = approved(house)
    on_air.catch_up(house.ports)
    for at, expected in ((START, SessionState.ON_AIR), (session.end_at, SessionState.DONE)):
        house.clock.at = at
        with house.ports.db() as db:
            db.put_plan_due(WARD, at + on_air.LOOK_AGAIN)
        on_air.tick(house.ports)
        assert state(house, session) is expected
        assert due(house) == []


def test_what_fails_for_one_station_keeps_no_other_waiting_and_is_told(house):
    here, there = approved(house), approved(house, OTHER)
    on_air.prepare(house.ports)
    with pytest.raises(ExceptionGroup) as raised:
        on_air.tick(failing(house.ports, WARD))
    assert raised.group_contains(OSError, match="can not be read")
    assert (state(house, here), state(house, there)) == (SessionState.APPROVED, SessionState.SEALED)
    assert due(house) == [WARD]
    on_air.tick(house.ports)
    assert (state(house, here), due(house)) == (SessionState.SEALED, [])


def test_what_fails_while_sealing_does_not_stop_the_clock_of_sessions(house):
    here, there = approved(house), approved(house, OTHER)
    on_air.catch_up(house.ports)
    house.clock.at = START
    sessions.withdraw(house.ports, replace(BINH, unit=WARD), here.id)
    with pytest.raises(ExceptionGroup):
        on_air.tick(failing(house.ports, WARD))
    assert state(house, there) is SessionState.ON_AIR


def test_a_session_whose_sound_was_never_made_ends_with_a_sentence(house):
    session = approved(house)
    house.clock.at = session.end_at - timedelta(milliseconds=1)
    on_air.tick(house.ports)
    assert state(house, session) is SessionState.APPROVED
    house.clock.at = session.end_at
    on_air.tick(house.ports)
    ended = sessions.get(house.ports, AN, session.id)
    assert ended.state is SessionState.REFUSED and "Chưa kịp chuẩn bị" in ended.why


def test_sound_that_can_not_be_made_for_one_is_made_for_the_other(house, monkeypatch):
    here, there = approved(house), approved(house, OTHER)
    real, asked = house.ports.sound.programme, []

    def programme(made_of):
        asked.append(made_of)
        if len(asked) == 1:
            raise RuntimeError("ffmpeg ended with 1")
        return real(made_of)

    monkeypatch.setattr(house.ports.sound, "programme", programme)
    with pytest.raises(ExceptionGroup):
        on_air.prepare(house.ports)
    with house.ports.db(readonly=True) as db:
        assert len(db.sessions_without_sound()) == 1
    on_air.prepare(house.ports)
    on_air.tick(house.ports)
    assert {state(house, here), state(house, there)} == {SessionState.SEALED}
