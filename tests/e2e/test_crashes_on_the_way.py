"""Plugs are pulled while one bulletin is on its way; every pole that could has sounded it exactly once."""

from datetime import timedelta

import pytest

from headend.domain.session import SessionState
from protocol import messages
from simulator.demo import broadcast
from simulator.runtime import find_runtime
from tests.support import staging

POLES = 6


def now(stage):
    return stage.house.clock.now()


def wait_for(stage, kind, aired, poles, limit=30):
    stage.wait(lambda: set(staging.told(stage, aired, kind)) >= set(poles), f"{kind} of {sorted(poles)}", limit)


def wait_until(stage, at):
    stage.wait(lambda: now(stage) >= at, f"{at}", 60)


@pytest.fixture(scope="module")
def headend_killed(tmp_path_factory, micropython_amd64):
    """kill -9 the head-end between approval and sending, and again between sending and the receipts of the sound."""
    folder = tmp_path_factory.mktemp("headend")
    with staging.station(folder, find_runtime("micropython"), broker="mosquitto") as stage:
        [aired] = broadcast.air(stage, None, staging.SHORT)
        stage.kill_headend()
        killed_in = staging.session_of(stage, aired).state
        stage.start_headend()
        wait_for(stage, messages.READY, aired, stage.fleet.poles)
        stage.kill_headend()
        session = staging.session_of(stage, aired)
        wait_until(stage, session.end_at + timedelta(seconds=1))
        silent = staging.told(stage, aired, messages.STARTED)
        stage.start_headend()
        broadcast.wait_for_end(stage, [aired])
        yield stage, aired, killed_in, silent


def test_the_first_kill_came_between_approval_and_sending(headend_killed):
    assert headend_killed[2] is SessionState.APPROVED


def test_the_second_kill_came_before_any_receipt_of_sound(headend_killed):
    assert headend_killed[3] == {}


def test_without_a_head_end_the_poles_sounded_once_and_in_time(headend_killed):
    stage, aired, *_ = headend_killed
    assert set(staging.airings(stage, aired).values()) == {1}
    soundings = staging.likenesses(stage, aired)
    assert all(one.likeness > 0.95 and abs(one.start_error_ms) < 20 for one in soundings.values()), soundings


def test_the_receipts_of_the_sound_arrive_afterwards_each_once(headend_killed):
    stage, aired, *_ = headend_killed
    for kind in (messages.STARTED, messages.FINISHED):
        assert set(staging.told(stage, aired, kind)) == set(stage.fleet.poles)
    assert all(staging.numbers_without_gap(stage).values())


def test_the_page_shows_the_session_as_done(headend_killed):
    stage, aired, *_ = headend_killed
    assert staging.page(stage, f"/sessions/{aired.session}").count("đã phát") >= POLES


@pytest.fixture(scope="module")
def street(tmp_path_factory, micropython_amd64):
    """One session, four fates: killed while downloading, killed while playing, without network throughout, and the
    broker restarted in the middle for all."""
    folder = tmp_path_factory.mktemp("street")
    with staging.station(folder, find_runtime("micropython"), broker="mosquitto") as stage:
        poles = list(stage.fleet.poles.values())
        downloading, playing, cut = poles[0], poles[1], poles[2]
        [aired] = broadcast.air(stage, None)
        stage.wait(lambda: any(downloading.folder.rglob("*.part")), "a download to begin", 30, 0.002)
        downloading.kill()
        downloading.start()
        wait_for(stage, messages.READY, aired, stage.fleet.poles)
        cut.cut_network()
        session = staging.session_of(stage, aired)
        wait_until(stage, session.start_at + timedelta(seconds=4))
        playing.kill()
        stage.wait(lambda: not staging.online(stage, playing), "the killed pole to show as offline", 5)
        playing.start()
        stage.wait(lambda: staging.online(stage, playing), "the pole to show as back", 10)
        stage.broker.restart()
        wait_until(stage, session.end_at + timedelta(seconds=2))
        heard_of_cut = set(staging.told(stage, aired, messages.STARTED)) & {cut.folder.name}
        cut.restore_network()
        broadcast.wait_for_end(stage, [aired])
        wait_for(stage, messages.FINISHED, aired, [cut.folder.name], 40)
        yield stage, aired, heard_of_cut


def test_nobody_sounds_twice_and_everybody_sounds(street):
    assert set(staging.airings(street[0], street[1]).values()) == {1}


def test_the_pole_killed_while_downloading_plays_all_of_it(street):
    stage, aired, _ = street
    assert staging.likenesses(stage, aired)[list(stage.fleet.poles)[0]].likeness > 0.95


def test_the_pole_killed_while_playing_comes_back_at_the_right_second(street):
    """What it lost is what it slept through: the rest lies where it belongs, not later."""
    stage, aired, _ = street
    pole = list(stage.fleet.poles)[1]
    sounding = staging.likenesses(stage, aired)[pole]
    assert 0.5 < sounding.likeness < 0.999
    assert abs(sounding.start_error_ms) < 20


def test_the_pole_without_network_sounded_and_told_only_afterwards(street):
    stage, aired, heard_of_cut = street
    pole = list(stage.fleet.poles)[2]
    assert heard_of_cut == set()
    assert staging.likenesses(stage, aired)[pole].likeness > 0.95
    assert pole in staging.told(stage, aired, messages.FINISHED)


def test_every_receipt_came_through_the_restart_of_the_broker(street):
    stage, aired, _ = street
    assert set(staging.told(stage, aired, messages.FINISHED)) == set(stage.fleet.poles)
    assert all(staging.numbers_without_gap(stage).values())


def test_the_page_names_what_each_pole_did(street):
    stage, aired, _ = street
    words = staging.page(stage, f"/sessions/{aired.session}")
    assert words.count("đã phát") >= POLES
