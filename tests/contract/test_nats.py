"""What has to be set right in NATS before it can serve poles."""

import contextlib
import json
import re
import socket

from headend.adapters.broker import headend_user, pole_user
from tests.support.mqtt import Client

POLE = pole_user("pole-1", ["00070"], "pole-1-password")


def test_more_than_a_thousand_subscriptions_are_granted(nats_broker):
    """NATS 2.15 refuses QoS 1 subscriptions from the 1001st on, unless it is told otherwise."""
    headend = headend_user("head-end-password")
    nats_broker.add_user(headend)
    granted = []
    with contextlib.ExitStack() as open_clients:
        for name in range(22):
            client = open_clients.enter_context(Client(nats_broker, headend, name=f"client-{name}"))
            granted += client.subscribe(*(f"loa/p/pole-{name}-{number}/receipt" for number in range(50)))
    assert granted == [1] * 1100


def test_the_password_of_a_pole_opens_nothing_but_mqtt(nats_broker):
    nats_broker.add_user(POLE)
    log = nats_broker.log_path.read_text()
    port = int(re.search(r"Listening for client connections on [\d.]+:(\d+)", log)[1])
    with socket.create_connection((nats_broker.host, port), 5) as wire, wire.makefile("rb") as answers:
        assert answers.readline().startswith(b"INFO ")
        login = {"user": POLE.name, "pass": POLE.password, "verbose": False}
        wire.sendall(b"CONNECT " + json.dumps(login).encode() + b"\r\nPING\r\n")
        assert answers.readline().startswith(b"-ERR 'Authorization Violation'")
