"""What only Mosquitto gives: TLS with client certificates, and client ids that can not be borrowed."""

import ssl

import pytest

from headend.adapters.broker import MosquittoBroker, headend_user, pole_user
from headend.adapters.broker.certs import Authority
from headend.adapters.broker.hello import Door, greets, knock
from headend.adapters.broker.mosquitto import BrokerTls
from tests.conftest import program
from tests.support.mqtt import Client, client_tls

pytestmark = pytest.mark.slow

POLE = pole_user("pole-1", ["00070"], "")
HEADEND = headend_user("")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls_broker(tmp_path, authority):
    server = authority.issue_server("broker", ["127.0.0.1", "localhost"])
    tls = BrokerTls(authority, server, client_certificates=True)
    with MosquittoBroker(tmp_path / "mosquitto", argv=program("mosquitto").argv, tls=tls) as broker:
        broker.add_user(HEADEND, POLE)
        yield broker


def shown(authority, name):
    mine = authority.issue_client(name)
    return client_tls(authority.certificate, mine.certificate, mine.key)


def test_a_certificate_is_a_name_and_the_name_has_its_rights(tls_broker, authority):
    with (
        Client(tls_broker, HEADEND, tls=shown(authority, HEADEND.name)) as headend,
        Client(tls_broker, POLE, tls=shown(authority, "pole-1"), name="calls itself otherwise") as pole,
    ):
        pole.subscribe("loa/p/pole-2/order", "loa/p/pole-1/order")
        headend.publish("loa/p/pole-2/order", b"not for you")
        headend.publish("loa/p/pole-1/order", b"for you")
        pole.expect("loa/p/pole-1/order", b"for you")
        assert pole.received == [("loa/p/pole-1/order", b"for you")]


def test_only_a_certificate_of_our_authority_opens_the_door(tls_broker, authority, tmp_path):
    impostor = Authority(tmp_path / "impostor").issue_client("pole-1")

    def lets_in(tls):
        return greets(Door(tls_broker.host, tls_broker.port, "pole-1", "", tls))

    assert lets_in(shown(authority, "pole-1"))
    assert not lets_in(client_tls(authority.certificate))
    assert not lets_in(client_tls(authority.certificate, impostor.certificate, impostor.key))
    assert not lets_in(None)


def test_a_broker_with_a_foreign_certificate_is_not_trusted(tls_broker, tmp_path):
    tls = client_tls(Authority(tmp_path / "other").certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        knock(Door(tls_broker.host, tls_broker.port, "pole-1", "", tls))


def test_passwords_over_tls(tmp_path, authority):
    server = authority.issue_server("broker", ["127.0.0.1", "localhost"])
    broker = MosquittoBroker(tmp_path / "b", argv=program("mosquitto").argv, tls=BrokerTls(authority, server))
    pole = pole_user("pole-1", ["00070"], "pole-1-password")
    with broker:
        broker.add_user(pole)
        with Client(broker, pole, tls=client_tls(authority.certificate)) as client:
            assert client.answer == 0


def test_a_pole_can_not_take_over_the_session_of_another(mosquitto_broker):
    headend = headend_user("head-end-password")
    victim = pole_user("pole-1", ["00070"], "pole-1-password")
    thief = pole_user("pole-2", ["00071"], "pole-2-password")
    mosquitto_broker.add_user(headend, victim, thief)
    order = "loa/p/pole-1/order"
    with Client(mosquitto_broker, victim, persistent=True) as client:
        client.subscribe(order)
    with Client(mosquitto_broker, headend) as client:
        client.publish(order, b"for pole-1")
    with Client(mosquitto_broker, thief, persistent=True, name="pole-1") as client:
        assert not client.session_present
    with Client(mosquitto_broker, victim, persistent=True) as client:
        client.expect(order, b"for pole-1")
