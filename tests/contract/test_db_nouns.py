"""What is stored comes back exactly as it was: every noun, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hypothesis import given, settings

from headend.adapters.db import Database
from headend.adapters.db.store import Transaction
from tests.support import nouns

few = settings(max_examples=15)


class Undo(Exception):
    """Ends a transaction that shall leave nothing."""


@contextmanager
def undone(database: Database) -> Iterator[Transaction]:
    """A transaction in a settled ward that leaves nothing behind."""
    try:
        with database.transaction() as db:
            nouns.settle(db)
            yield db
            raise Undo
    except Undo:
        pass


@given(commune=nouns.communes)
@few
def test_a_commune_comes_back_as_it_was(module_database, commune):
    with undone(module_database) as db:
        db.put_communes([commune])
        assert db.commune(commune.code) == commune
        assert commune in db.communes()


@given(cluster=nouns.clusters)
@few
def test_a_cluster_comes_back_as_it_was(module_database, cluster):
    with undone(module_database) as db:
        db.put_cluster(cluster)
        assert db.cluster(cluster.id) == cluster
        assert cluster in db.clusters(cluster.commune)
        assert db.clusters(ids=[cluster.id]) == [cluster]


@given(account=nouns.accounts)
@few
def test_an_account_comes_back_as_it_was(module_database, account):
    with undone(module_database) as db:
        db.put_account(account)
        assert db.account(account.person.username) == account
        assert account in db.accounts()


@given(login=nouns.logins)
@few
def test_a_login_comes_back_as_it_was(module_database, login):
    with undone(module_database) as db:
        db.put_login(login)
        assert db.login(login.token_sha256) == login


@given(charter=nouns.charters, then=nouns.charters)
@few
def test_a_charter_comes_back_as_it_was_also_after_a_change(module_database, charter, then):
    with undone(module_database) as db:
        for one in (charter, replace(then, from_day=charter.from_day)):
            db.put_charter(one)
            assert db.charters(one.commune) == [one]


@given(regime=nouns.regimes)
@few
def test_a_rule_set_of_a_place_comes_back_as_it_was(module_database, regime):
    with undone(module_database) as db:
        db.put_regime(regime)
        assert db.regimes(regime.commune) == [regime]


@given(first=nouns.directives, then=nouns.directives)
@few
def test_a_directive_comes_back_as_it_was_also_after_a_change(module_database, first, then):
    with undone(module_database) as db:
        for directive in (first, replace(then, id=first.id)):
            db.put_directive(directive)
            assert db.directive(directive.id) == directive
            assert directive in db.directives()


@given(bulletin=nouns.bulletins)
@few
def test_a_bulletin_comes_back_as_it_was(module_database, bulletin):
    with undone(module_database) as db:
        db.put_bulletin(bulletin)
        assert db.bulletin(bulletin.id, lock=True) == db.bulletins_of([bulletin.id])[bulletin.id] == bulletin
        assert bulletin in db.bulletins(bulletin.commune)


@given(first=nouns.sessions, then=nouns.sessions)
@few
def test_a_session_comes_back_as_it_was_also_after_a_change(module_database, first, then):
    with undone(module_database) as db:
        for session in (first, replace(then, id=first.id)):
            db.put_session(session)
            assert db.session(session.id, lock=True) == session
            assert session in db.sessions(session.commune)


@given(first=nouns.deliveries, then=nouns.deliveries)
@few
def test_a_delivery_comes_back_as_it_was_also_after_a_change(module_database, first, then):
    with undone(module_database) as db:
        db.put_session(nouns.session())
        for delivery in (first, replace(then, pole=first.pole)):
            db.put_deliveries([delivery])
            assert db.delivery("s1", delivery.pole, lock=True) == delivery
            assert db.deliveries("s1") == db.deliveries("s1", [delivery.pole], lock=True) == [delivery]


@given(receipt=nouns.receipts)
@few
def test_a_receipt_comes_back_as_it_was(module_database, receipt):
    with undone(module_database) as db:
        assert db.add_receipts([receipt], nouns.MORNING) == [receipt]
        found = db.receipts(receipt.pole)
        assert [(one.receipt, one.at) for one in found] == [(receipt, nouns.MORNING)]
        assert db.receipts(session=receipt.session, kinds=[receipt.kind]) == found


@given(state=nouns.states)
@few
def test_the_state_of_a_pole_comes_back_as_it_was(module_database, state):
    with undone(module_database) as db:
        db.put_pole_states([state], nouns.MORNING)
        assert db.pole_states([state.pole]) == db.pole_states() == [(state, nouns.MORNING)]


@given(told=nouns.telemetries)
@few
def test_what_a_pole_feels_comes_back_as_it_was(module_database, told):
    with undone(module_database) as db:
        db.put_telemetry([told], nouns.MORNING)
        assert db.telemetry([told.pole]) == db.telemetry() == [(told, nouns.MORNING)]


@given(agenda=nouns.agendas)
@few
def test_an_agenda_comes_back_as_it_was(module_database, agenda):
    with undone(module_database) as db:
        db.put_agenda(agenda)
        assert db.agenda(agenda.commune) == agenda


@given(outgoing=nouns.outgoings)
@few
def test_what_leaves_comes_back_as_it_was(module_database, outgoing):
    with undone(module_database) as db:
        db.post(outgoing)
        (found,) = db.unsent()
        assert replace(found, id=0) == outgoing


@given(entry=nouns.entries)
@few
def test_an_audit_entry_comes_back_as_it_was(module_database, entry):
    with undone(module_database) as db:
        db.record(entry)
        assert db.audit() == [entry]
