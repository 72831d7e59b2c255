"""What a pole tells arrives, and it believes only its own head-end: acknowledgements, and the broker's certificate."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from headend.adapters.broker import MosquittoBroker
from headend.adapters.broker.certs import LIFE, Authority
from headend.adapters.broker.mosquitto import BrokerTls
from protocol import messages, receipt
from tests.conftest import program
from tests.support import keys
from tests.support.headside import decode, encode, noise
from tests.support.street import Street, sleep_until
from tests.support.twins import runtime
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sound():
    """(what should be heard, the file)"""
    raw = encode(noise(2))
    return decode(raw)[: 2 * messages.RATE], raw


def acked(pole) -> int:
    """The number up to which the pole believes that its receipts are stored."""
    return json.loads((pole.folder / "data" / "acked").read_text())[1]


def ack_of(street, upto: int) -> messages.Ack:
    return messages.Ack(pole="p1", journal=street.desk.journals["p1"], upto=upto)


def test_receipts_come_again_until_the_head_end_has_said_that_it_has_them(street, sound):
    street.desk.acknowledge = False
    pole = street.pole()
    street.desk.plan("00070", [street.session(*sound, in_seconds=60)])
    street.desk.wait_for("p1", "ready")
    deliveries = street.desk.deliveries
    wait_until(lambda: street.desk.deliveries >= deliveries + 2, "the receipts again")
    pole.restart()
    street.desk.acknowledge = True
    deliveries = street.desk.deliveries
    wait_until(lambda: street.desk.deliveries > deliveries, "the receipts of before the restart")
    wait_until(lambda: acked(pole) == 2, "the acknowledgement on flash")
    assert street.desk.kinds("p1") == ["received", "ready"]


def test_an_acknowledgement_under_another_key_is_not_believed(street, sound):
    street.desk.acknowledge = False
    pole = street.pole()
    street.desk.plan("00070", [street.session(*sound, in_seconds=60)])
    street.desk.wait_for("p1", "ready")
    forged = receipt.pack(keys.pole_key("p2"), receipt.ACK, ack_of(street, 2))
    street.desk.publish("loa/p/p1/ack", forged)
    deliveries = street.desk.deliveries
    wait_until(lambda: street.desk.deliveries >= deliveries + 2, "the receipts again")
    assert acked(pole) == 0


def test_a_pole_with_new_flash_begins_another_journal_and_nothing_of_it_is_taken_for_old(street, sound):
    pole = street.pole()
    street.desk.plan("00070", [street.session(*sound, in_seconds=60)])
    street.desk.wait_for("p1", "ready")
    wait_until(lambda: acked(pole) == 2, "the acknowledgement on flash")
    first = street.desk.journals["p1"]
    pole.stop()
    shutil.rmtree(pole.folder / "data")
    pole.start()
    wait_until(lambda: street.desk.journals["p1"] != first, "the new journal")
    street.desk.wait_for("p1", "ready")
    wait_until(lambda: acked(pole) == 2, "the acknowledgement on the new flash")
    assert street.desk.receipt("p1", "received").seq == 1


def test_an_acknowledgement_of_another_journal_is_not_believed(street, sound):
    street.desk.acknowledge = False
    pole = street.pole()
    street.desk.plan("00070", [street.session(*sound, in_seconds=60)])
    street.desk.wait_for("p1", "ready")
    old = messages.Ack(pole="p1", journal="00" * messages.JOURNAL_BYTES, upto=2)
    street.desk.publish("loa/p/p1/ack", receipt.pack(keys.pole_key("p1"), receipt.ACK, old))
    deliveries = street.desk.deliveries
    wait_until(lambda: street.desk.deliveries >= deliveries + 2, "the receipts again")
    assert acked(pole) == 0


def connects(tmp_path, name: str, host: str, lasts_seconds: float) -> bool:
    """Whether a pole that is told this `host` of the broker trusts its certificate for 127.0.0.1 in so many seconds."""
    expires = datetime.now(UTC) + timedelta(seconds=lasts_seconds)
    authority = Authority(tmp_path / "ca", expires - LIFE)
    tls = BrokerTls(authority, authority.issue_server("broker", ["127.0.0.1"]))
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv, tls=tls) as broker,
        Street(tmp_path, runtime(name), broker, {"ca": str(authority.certificate)}, desk=False) as street,
    ):
        pole = street.pole("p1", start=False)
        told = json.loads((pole.folder / "profile.json").read_text())
        told["broker"]["host"] = host
        (pole.folder / "profile.json").write_text(json.dumps(told))
        if lasts_seconds < SOON:
            sleep_until((expires.timestamp() + 1) * 1000)
        before = broker.log_path.read_text()
        pole.start()

        def since() -> str:
            return broker.log_path.read_text().removeprefix(before)

        wait_until(lambda: "as p1" in since() or "OpenSSL Error" in since(), "the pole in the broker's log")
        return "as p1" in since()


SOON = 60  # seconds


@pytest.mark.parametrize("name", ["micropython-i386", "cpython"])
@pytest.mark.parametrize(
    ("host", "lasts_seconds", "trusted"),
    [("127.0.0.1", 3600, True), ("localhost", 3600, False), ("127.0.0.1", 5, False)],
    ids=["right", "another name", "expired"],
)
def test_a_broker_is_trusted_by_its_name_and_while_its_certificate_lasts(tmp_path, name, host, lasts_seconds, trusted):
    assert connects(tmp_path, name, host, lasts_seconds) is trusted


@pytest.mark.parametrize("name", ["micropython-i386", "cpython"])
def test_over_tls_a_pole_talks_to_its_broker_and_to_no_other(tmp_path, name):
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "stranger")
    tls = BrokerTls(authority, authority.issue_server("broker", ["127.0.0.1"]))
    with MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv, tls=tls) as broker:
        with Street(tmp_path, runtime(name), broker, {"ca": str(authority.certificate)}, desk=False) as street:
            street.pole("p1", start=False).start()
            wait_until(lambda: "as p1" in broker.log_path.read_text(), "the pole in the broker's log")
        with Street(tmp_path, runtime(name), broker, {"ca": str(stranger.certificate)}, desk=False) as street:
            street.pole("p2", start=False).start()
            wait_until(
                lambda: "OpenSSL Error" in broker.log_path.read_text(),
                "the pole's refusal in the broker's log",
            )
            assert "as p2" not in broker.log_path.read_text()
