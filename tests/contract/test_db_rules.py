"""What the head-end relies on in its records, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from headend.adapters.db import Database
from headend.adapters.db.journal import PRUNED_EACH, REVISIONS_KEPT
from headend.adapters.db.outbox import SENT_KEPT
from headend.adapters.db.schema import attempts, counters, outbox, revisions
from headend.domain.areas import Commune
from headend.domain.session import TAKES_AIR, SessionState
from headend.ports import AuditEntry, Login, Outgoing
from protocol.messages import Receipt, State, Telemetry
from tests.support import nouns
from tests.support.nouns import MINUTE, MORNING
from tests.support.records import rows

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def settled(database):
    with database.transaction() as db:
        nouns.settle(db)


def test_what_is_not_there_is_none(database):
    with database.transaction() as db:
        assert db.commune("99999") is db.cluster("x") is db.account("x") is db.login("x") is None
        assert db.bulletin("x") is db.session("x") is db.delivery("x", "y") is db.agenda("x") is None
        assert db.deliveries("x") == db.unsent() == db.audit() == db.pole_states() == []
        assert db.receipts_upto([("x", "ab")]) == {("x", "ab"): 0}
        assert db.receipts_upto([]) == {}
        assert db.air([], MORNING, MORNING + DAY) == []


def test_an_exception_leaves_nothing_of_the_transaction(database):
    with pytest.raises(RuntimeError, match="second thoughts"), database.transaction() as db:
        db.put_session(nouns.session())
        db.add_receipts([nouns.receipt(1)], MORNING)
        db.next_counter("1 g/00070 plan")
        db.post(Outgoing("loa/g/00070/plan", b"plan"))
        db.touch("session:s1")
        raise RuntimeError("second thoughts")
    with database.transaction() as db:
        assert db.session("s1") is None
        assert db.receipts() == db.unsent() == []
        assert db.revisions(0) == (0, [])
        assert db.next_counter("1 g/00070 plan") == 1


def test_a_session_can_not_be_at_a_cluster_that_does_not_exist(database):
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.put_session(nouns.session(clusters=("nowhere",)))


def test_a_session_can_not_play_a_bulletin_that_does_not_exist(database):
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.put_session(nouns.session(bulletins=("unwritten",)))


def test_nobody_logs_in_without_an_account(database):
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.put_login(Login("ab" * 32, "nobody", "csrf", MORNING, MORNING + DAY))


def test_a_reader_can_not_write(database):
    with pytest.raises(DBAPIError), database.transaction(readonly=True) as db:
        db.touch("session:s1")
    with pytest.raises(DBAPIError), database.transaction(readonly=True) as db:
        db.put_session(nouns.session())


def test_a_reader_sees_one_instant_and_waits_for_nobody(database):
    with database.transaction() as writer, database.transaction(readonly=True) as reader:
        writer.put_session(nouns.session("s1"))
        assert reader.session("s1") is None
    with database.transaction(readonly=True) as reader:
        assert reader.sessions() == [nouns.session("s1")]
        with database.transaction() as writer:
            writer.put_session(nouns.session("s2", start_at=MORNING + DAY))
        assert reader.sessions() == [nouns.session("s1")]


def test_communes_and_clusters_are_in_the_order_of_their_codes(database):
    second = Commune("00577", "Xã Bát Tràng", "xã", 20.9, 105.9)
    first = Commune("00004", "Phường Ba Đình", "phường", 21, 105.8)
    with database.transaction() as db:
        db.put_communes([second, first])
        assert [one.code for one in db.communes()] == ["00004", "00070", "00577"]
        assert db.clusters() == db.clusters("00070") == nouns.CLUSTERS
        assert db.clusters("00577") == []


def test_the_newest_bulletins_come_first(database):
    with database.transaction() as db:
        for hours in (1, 3, 2):
            db.put_bulletin(nouns.bulletin(f"h{hours}", created_at=MORNING + hours * DAY))
        assert [one.id for one in db.bulletins()] == ["h3", "h2", "h1", "b1"]
        assert [one.id for one in db.bulletins("00070", limit=2)] == ["h3", "h2"]
        assert db.bulletins("00577") == []


def test_sessions_are_found_by_commune_state_and_start(database):
    with database.transaction() as db:
        planned = nouns.session("planned", start_at=MORNING + DAY)
        done = nouns.session("done", state=SessionState.DONE)
        for one in (planned, done):
            db.put_session(one)
        assert db.sessions() == db.sessions("00070") == [done, planned]
        assert db.sessions("00577") == db.sessions(states=[]) == []
        assert db.sessions(states=[SessionState.DONE, SessionState.ON_AIR]) == [done]
        assert db.sessions(start_from=MORNING, start_to=MORNING + DAY) == [done]
        assert db.sessions(start_from=MORNING + MINUTE) == [planned]
        assert db.sessions_of_bulletin("b1") == [done, planned]
        assert db.sessions_of_bulletin("b2") == []


def test_more_sessions_than_are_read_at_once_come_whole(database, monkeypatch):
    monkeypatch.setattr("headend.adapters.db.sessions._AT_ONCE", 3)
    many = [nouns.session(f"s{number}", start_at=MORNING + number * MINUTE) for number in range(7)]
    with database.transaction() as db:
        for one in many:
            db.put_session(one)
        assert db.sessions() == many


@pytest.mark.parametrize("state", SessionState)
def test_a_session_takes_air_until_it_is_refused_or_withdrawn(database, state):
    with database.transaction() as db:
        db.put_session(nouns.session(state=state))
        found = db.air(["00070-02", "00070-01"], MORNING, MORNING + MINUTE)
        assert [one.clusters for one in found] == ([{"00070-01", "00070-02"}] if state in TAKES_AIR else [])


def test_air_is_that_of_the_asked_clusters_and_days_and_follows_a_session_that_moves(database):
    with database.transaction() as db:
        session = nouns.session(clusters=("00070-01", "00070-02"))
        db.put_session(session)
        (found,) = db.air(["00070-02", "00070-03"], MORNING, MORNING + MINUTE)
        assert (found.session, found.start_at, found.end_at) == ("s1", MORNING, session.end_at)
        assert found.clusters == {"00070-02"}
        assert db.air(["00070-03"], MORNING, MORNING + MINUTE) == []
        assert db.air(["00070-02"], MORNING - DAY, MORNING) == []
        later = replace(session, start_at=MORNING + DAY, clusters=("00070-02", "00070-01"))
        db.put_session(later)
        assert db.air(["00070-02"], MORNING, MORNING + MINUTE) == []
        assert [one.start_at for one in db.air(["00070-02"], MORNING, MORNING + 2 * DAY)] == [MORNING + DAY]
        assert db.session("s1") == later


def test_a_receipt_is_stored_once_and_as_it_came_first(database):
    first, second = nouns.receipt(1), nouns.receipt(2)
    with database.transaction() as db:
        assert db.add_receipts([second, first, nouns.receipt(1, kind="missed")], MORNING) == [second, first]
        assert db.add_receipts([nouns.receipt(1, kind="missed"), nouns.receipt(3)], MORNING) == [nouns.receipt(3)]
    with database.transaction() as db:
        assert db.add_receipts([first, second], MORNING + MINUTE) == db.add_receipts([], MORNING) == []
        assert [(one.receipt, one.at) for one in db.receipts()][:2] == [(first, MORNING), (second, MORNING)]


def test_more_receipts_than_one_statement_takes_are_all_stored(database):
    told = [nouns.receipt(seq, pole=f"pole-{pole}") for seq in range(1, 31) for pole in range(100)]
    with database.transaction() as db:
        assert db.add_receipts(told, MORNING) == told
        journals = {(one.pole, one.journal) for one in told}
        assert db.receipts_upto(journals) == dict.fromkeys(journals, 30)


def test_receipts_are_found_by_pole_session_and_kind_in_the_order_of_their_numbers(database):
    with database.transaction() as db:
        told = [
            nouns.receipt(1, "a", "received", "s1"),
            nouns.receipt(2, "a", "refused", ""),
            nouns.receipt(1, "b", "ready", "s1"),
        ]
        db.add_receipts(told[::-1], MORNING)

        def found(**wanted):
            return [one.receipt for one in db.receipts(**wanted)]

        assert found() == told
        assert found(pole="a") == told[:2]
        assert found(session="s1") == [told[0], told[2]]
        assert found(kinds=["refused", "ready"]) == told[1:]
        assert found(pole="a", session="s1", kinds=["ready"]) == []


def test_a_pole_is_told_up_to_the_first_gap(database):
    def tell(*numbers) -> int:
        with database.transaction() as db:
            db.add_receipts([nouns.receipt(seq) for seq in numbers], MORNING)
            found = db.receipts_upto([("00070-01", nouns.JOURNAL), ("00070-02", nouns.JOURNAL)])
        assert found["00070-02", nouns.JOURNAL] == 0
        return found["00070-01", nouns.JOURNAL]

    assert tell(2, 3) == 0
    assert tell(1) == 3
    assert tell(5, 7, 6) == 3
    assert tell(4) == 7
    assert tell(*range(9, 3000)) == 7
    assert tell(8) == 2999
    assert tell() == 2999


def test_a_reader_counts_further_than_the_mark_that_was_kept(database):
    with database.transaction() as db:
        db.add_receipts([nouns.receipt(1)], MORNING)
    with database.transaction(readonly=True) as db:
        assert db.receipts_upto([("00070-01", nouns.JOURNAL)]) == {("00070-01", nouns.JOURNAL): 1}


def test_the_numbers_of_a_new_journal_are_not_those_of_the_old_one(database):
    old = [nouns.receipt(seq) for seq in range(1, 4)]
    new = [nouns.receipt(seq, journal="ff" * 6) for seq in (1, 2, 4)]
    pole = old[0].pole
    with database.transaction() as db:
        assert db.add_receipts(old, MORNING) == old
        assert db.add_receipts([*new, *old], MORNING) == new
        both = [(pole, old[0].journal), (pole, new[0].journal)]
        assert db.receipts_upto(both) == {both[0]: 3, both[1]: 2}
        assert db.receipts_upto(both[1:]) == {both[1]: 2}
        assert [one.receipt for one in db.receipts(pole)] == old + new


def test_of_what_a_pole_feels_the_newest_stays(database):
    first, later, old = (Telemetry(pole="00070-01", at_ms=at_ms, mains=mains) for at_ms, mains in
                         ((1000, 1), (2000, 0), (1500, 1)))
    for told in ([first], [later, old], [old]):
        with database.transaction() as db:
            db.put_telemetry(told, MORNING)
    with database.transaction() as db:
        assert db.telemetry(["00070-01"]) == [(later, MORNING)] and db.telemetry(["00070-02"]) == []


def test_the_newest_receipts_of_some_kinds_are_found_the_newest_first(database):
    told = [Receipt(pole=f"p{n % 2}", journal="ab" * 6, seq=n, kind=kind, at_ms=n) for n, kind in
            enumerate(("mains_lost", "ready", "mains_back", "mains_lost"), 1)]
    for minute, one in enumerate(told):
        with database.transaction() as db:
            db.add_receipts([one], MORNING + minute * MINUTE)
    with database.transaction() as db:
        def seqs(poles, limit=9):
            return [one.receipt.seq for one in db.newest_receipts(poles, ["mains_lost", "mains_back"], limit)]

        assert seqs(["p0", "p1"]) == [4, 3, 1] and seqs(["p0", "p1"], 2) == [4, 3]
        assert seqs(["p1"]) == [3, 1] and seqs(["p2"]) == seqs([]) == []


def test_the_newest_state_of_a_pole_stays_and_offline_wins_at_the_same_instant(database):
    def after(*told) -> tuple[int, int, str]:
        with database.transaction() as db:
            for online, at_ms, playing in told:
                state = State(pole="00070-01", online=online, at_ms=at_ms, playing=playing)
                db.put_pole_states([state], MORNING)
            ((state, _),) = db.pole_states(["00070-01"])
            assert db.pole_states(["00070-02"]) == []
            return state.online, state.at_ms, state.playing

    assert after((1, 1000, "")) == (1, 1000, "")
    assert after((1, 1000, "s1")) == (1, 1000, "s1")
    assert after((1, 999, "old")) == (1, 1000, "s1")
    assert after((0, 1000, "")) == (0, 1000, "")
    assert after((1, 1000, "late")) == (0, 1000, "")
    assert after((1, 1001, "back")) == (1, 1001, "back")
    assert after((1, 1003, "last"), (1, 1002, "before")) == (1, 1003, "last")


def test_counters_of_different_streams_do_not_know_of_each_other(database):
    with database.transaction() as db:
        assert [db.next_counter("1 g/00070 plan") for _ in range(3)] == [1, 2, 3]
        assert db.next_counter("1 g/00070 stop") == 1
        assert db.next_counter("2 g/00070 plan") == 1


def test_the_outbox_gives_the_oldest_first_and_forgets_what_is_long_sent(database):
    with database.transaction() as db:
        for number in range(5):
            db.post(Outgoing(f"loa/p/{number}/order", bytes([number])))
    with database.transaction() as db:
        first, second, *_ = db.unsent(limit=3)
        assert [one.payload for one in db.unsent(limit=3)] == [b"\0", b"\1", b"\2"]
        db.mark_sent([first.id, second.id], MORNING)
        assert [one.payload for one in db.unsent()] == [b"\2", b"\3", b"\4"]
        db.mark_sent([db.unsent()[0].id], MORNING + SENT_KEPT + MINUTE)
        assert [one.payload for one in db.unsent()] == [b"\3", b"\4"]
    assert rows(database, outbox) == 3


def test_only_the_newest_retained_message_of_each_topic_is_sent_again(database):
    with database.transaction() as db:
        for topic, payload, retain in (
            ("loa/g/00070/plan", b"first", True),
            ("loa/g/00070/plan", b"second", True),
            ("loa/g/00070/order", b"stop", False),
            ("loa/g/00577/plan", b"other", True),
        ):
            db.post(Outgoing(topic, payload, retain=retain))
        db.mark_sent([one.id for one in db.unsent()], MORNING)
        db.post(Outgoing("loa/g/00577/plan", b"not sent yet", retain=True))
        db.resend_retained()
        assert [one.payload for one in db.unsent()] == [b"second", b"not sent yet"]


def test_failed_logins_are_counted_by_key_and_forgotten_after_a_day(database):
    with database.transaction() as db:
        for key, at in (("a", MORNING), ("a", MORNING + MINUTE), ("b", MORNING)):
            db.record_attempt(key, at)
        assert db.attempts_since("a", MORNING) == 2
        assert db.attempts_since("a", MORNING + MINUTE) == 1
        assert db.attempts_since("c", MORNING) == 0
        db.record_attempt("a", MORNING + 2 * DAY)
    assert rows(database, attempts) == 1


def test_logins_end_one_by_one_or_when_they_expire(database):
    with database.transaction() as db:
        for number, hours in enumerate((1, 2, 3)):
            db.put_login(Login(f"{number}", "viet", "csrf", MORNING, MORNING + hours * MINUTE))
        db.end_login("0")
        db.end_login("unknown")
        db.end_logins_before(MORNING + 2 * MINUTE)
        assert [db.login(f"{number}") is None for number in range(3)] == [True, True, False]


def test_what_was_touched_is_told_once_to_each_who_asks_in_turn(database):
    def touch(*things):
        with database.transaction() as db:
            for thing in things:
                db.touch(thing)

    def changes(after):
        with database.transaction(readonly=True) as db:
            return db.revisions(after)

    assert changes(0) == (0, [])
    touch("session:s1", "commune:00070", "session:s1")
    newest, things = changes(0)
    assert sorted(things) == ["commune:00070", "session:s1"]
    assert changes(newest) == (newest, [])
    touch("session:s2")
    touch("session:s1")
    assert changes(newest)[1] == ["session:s2", "session:s1"]


def test_revisions_of_long_ago_are_forgotten(database):
    with database.transaction() as db:
        db.touch("old")
    with database.transaction() as db:
        newest = REVISIONS_KEPT + PRUNED_EACH
        its_counter = counters.c.stream == "revision"
        db._connection.execute(counters.update().where(its_counter).values(value=newest - 1))
        db.touch("new")
    assert rows(database, revisions) == 1
    with database.transaction() as db:
        assert db.revisions(0) == (newest, ["new"])


def test_the_audit_trail_is_read_newest_first(database):
    with database.transaction() as db:
        for number in range(3):
            db.record(AuditEntry(MORNING, "viet", f"act{number}", "s1"))
        assert [one.action for one in db.audit(limit=2)] == ["act2", "act1"]


def test_no_secret_is_in_what_is_shown_or_logged(database):
    with database.transaction() as db:
        account = db.account("viet")
    assert "argon2" not in repr(account)
    with pytest.raises(IntegrityError) as caught, database.transaction() as db:
        db.put_login(Login("ab" * 32, "nobody", "very-secret", MORNING, MORNING + DAY))
    assert "very-secret" not in str(caught.value)
    url = "postgresql://loa:very-secret@127.0.0.1/loa"
    assert "very-secret" not in repr(Database(url))
