"""The law of a place in the records, on both databases: what is dated, what reaches whom, who is heard beside whom."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from headend.domain.areas import METRES_A_DEGREE, AreaClass, Cluster, Commune
from headend.domain.charter import Regime, StationCharter
from headend.domain.session import SessionState
from protocol.urgency import EMERGENCY
from tests.support import nouns
from tests.support.nouns import MINUTE, MORNING

HERE = nouns.CLUSTERS[0]
OTHER = Commune("00577", "Xã Bát Tràng", "xã", 20.9, 105.9)


@pytest.fixture(autouse=True)
def settled(database):
    with database.transaction() as db:
        nouns.settle(db)
        db.put_communes([OTHER])


def beside(metres: float, name: str = "00577-01") -> Cluster:
    """A cluster of the other commune, so far to the north of the ward's clusters."""
    return Cluster(name, OTHER.code, "Cụm đầu cầu", AreaClass.H, HERE.lat + metres / METRES_A_DEGREE, HERE.lon)


def at_others(**changes):
    return nouns.session("theirs", commune=OTHER.code, clusters=("00577-01",), **changes)


def test_charters_and_rule_sets_come_the_last_first(database):
    days = [date(2026, 1, 1), date(2026, 12, 1), date(2026, 2, 1)]
    with database.transaction() as db:
        for day in days:
            db.put_charter(StationCharter("00070", day))
            db.put_regime(Regime("00070", day, "5133"))
        assert [one.from_day for one in db.charters("00070")] == sorted(days, reverse=True)
        assert [one.from_day for one in db.regimes("00070")] == sorted(days, reverse=True)
        assert db.charters("00577") == db.regimes("00577") == []


def test_directives_are_found_by_whom_they_reach_and_while_they_hold(database):
    with database.transaction() as db:
        city = replace(nouns.DIRECTIVE, id="d2", communes=("all",), created_at=MORNING)
        over = replace(nouns.DIRECTIVE, id="d3", to_day=date(2026, 11, 10), created_at=MORNING + MINUTE)
        for one in (city, over):
            db.put_directive(one)
        assert [one.id for one in db.directives("00070")][:2] == ["d3", "d2"]
        assert [one.id for one in db.directives("00577")] == ["d2"]
        assert {one.id for one in db.directives("00070", date(2026, 11, 11))} == {"d1", "d2"}
        assert set(db.directives_of(["d1", "d3", "nothing"])) == {"d1", "d3"}
        assert db.directives_of([]) == {} and db.directive("nothing") is None


def test_an_emergency_takes_no_air(database):
    with database.transaction() as db:
        db.put_session(nouns.session(urgency=EMERGENCY))
        assert db.air([HERE.id], MORNING, MORNING + MINUTE) == []
        assert db.busy("00070", [HERE.id], MORNING, MORNING + MINUTE) == []


@pytest.mark.parametrize("state", SessionState)
def test_what_is_busy_is_what_takes_air_at_one_of_the_clusters(database, state):
    asked = ["00070-01", "00070-02", "00070-03"]
    with database.transaction() as db:
        db.put_session(nouns.session(clusters=("00070-02",), state=state))
        db.put_session(nouns.session("elsewhere", clusters=("00070-05",)))
        db.put_session(nouns.session("later", start_at=MORNING + MINUTE))
        exact = db.air(asked, MORNING, MORNING + MINUTE)
        coarse = db.busy("00070", asked, MORNING, MORNING + MINUTE)
        assert [one.clusters for one in coarse] == [frozenset(asked)] * len(exact)
        assert [replace(one, clusters=frozenset({"00070-02"})) for one in coarse] == exact
        assert db.busy("00577", asked, MORNING, MORNING + MINUTE) == []


@pytest.mark.parametrize(("metres", "heard"), [(0, True), (299, True), (499, True), (501, False), (5000, False)])
def test_clusters_of_other_communes_within_earshot_are_near(database, metres, heard):
    with database.transaction() as db:
        db.put_cluster(beside(metres))
        db.put_session(at_others())
        found = db.near([HERE.id], 500, MORNING, MORNING + MINUTE)
        assert [(one.cluster, one.other, one.metres, one.session) for one in found] == (
            [(HERE.id, "cụm loa của Xã Bát Tràng", metres, "theirs")] if heard else [])
        assert all(one.content == ("ab" * 32,) for one in found)


def test_of_a_session_next_door_the_nearest_cluster_counts_and_none_farther_than_asked(database):
    with database.transaction() as db:
        for number, metres in enumerate((400, 150, 250)):
            db.put_cluster(beside(metres, f"00577-0{number + 1}"))
        db.put_session(nouns.session("theirs", commune=OTHER.code, clusters=("00577-01", "00577-02", "00577-03")))
        assert [one.metres for one in db.near([HERE.id], 500, MORNING, MORNING + MINUTE)] == [150]
        assert db.near([HERE.id], 149, MORNING, MORNING + MINUTE) == []


def test_a_cluster_that_is_moved_is_near_where_it_stands_now(database):
    with database.transaction() as db:
        db.put_session(nouns.session())
        for metres, heard in ((100, True), (5000, False), (200, True)):
            db.put_cluster(beside(metres))
            assert bool(db.near(["00577-01"], 500, MORNING, MORNING + MINUTE)) == heard
        db.put_cluster(beside(200, "00577-02"))
        assert db.near(["00577-02"], 500, MORNING, MORNING + MINUTE)
        assert {one.metres for one in db.near(["00577-01"], 500, MORNING, MORNING + MINUTE)} == {200}


@pytest.mark.parametrize(("change", "heard"), [
    ({}, True),
    ({"start_at": MORNING - timedelta(seconds=74)}, True),
    ({"start_at": MORNING - timedelta(seconds=75)}, False),  # it ends as ours begins
    ({"start_at": MORNING + MINUTE}, False),
    ({"state": SessionState.WITHDRAWN}, False),
    ({"urgency": EMERGENCY}, False),
])
def test_only_what_is_on_air_at_the_same_time_is_near(database, change, heard):
    with database.transaction() as db:
        db.put_cluster(beside(100))
        db.put_session(at_others(**change))
        assert bool(db.near([HERE.id], 500, MORNING, MORNING + MINUTE)) == heard


def test_a_cluster_of_the_same_commune_is_nobodys_neighbour(database):
    with database.transaction() as db:
        db.put_session(nouns.session())
        assert db.near([HERE.id], 500, MORNING, MORNING + MINUTE) == []
