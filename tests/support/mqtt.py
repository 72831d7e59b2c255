"""A real MQTT client for tests: it waits for what should come, with a limit, and keeps all that came."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho

from headend.adapters.broker import BrokerProcess, BrokerUser

LIMIT_SECONDS = 20


class Client:
    """A connection of `user` to `broker`; with `persistent` the broker keeps messages while it is away.

    `name` is the client id (default: the user's name); `patient` goes on trying until the broker is there.
    `received` holds (topic, payload) in order of arrival, `answer` what the broker said to CONNECT (0: come
    in).
    """

    def __init__(
        self,
        broker: BrokerProcess,
        user: BrokerUser,
        persistent: bool = False,
        name: str = "",
        tls: ssl.SSLContext | None = None,
        will: tuple[str, bytes] | None = None,
        patient: bool = False,
    ):
        self.received: list[tuple[str, bytes]] = []
        self.granted: dict[int, list[int]] = {}
        self.answer: int | None = None
        self.session_present = False
        self._changed = threading.Condition()
        self._paho = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=name or user.name,
            clean_session=not persistent,
            reconnect_on_failure=False,
        )
        if user.password:
            self._paho.username_pw_set(user.name, user.password)
        if tls is not None:
            self._paho.tls_set_context(tls)
        self._paho.on_connect = self._on_connect
        self._paho.on_message = self._on_message
        self._paho.on_subscribe = self._on_subscribe
        self._paho.on_disconnect = self._on_disconnect
        if will is not None:
            self._paho.will_set(*will, qos=1, retain=True)
        self._knock(broker, time.monotonic() + (LIMIT_SECONDS if patient else 0))
        self._paho.loop_start()
        self.wait(lambda: self.answer is not None, "an answer to CONNECT")

    def subscribe(self, *topic_filters: str, qos: int = 1) -> list[int]:
        """Subscribe, and give what the broker granted for each filter: a QoS, or 128 for a refusal."""
        _, number = self._paho.subscribe([(text, qos) for text in topic_filters])
        self.wait(lambda: number in self.granted, "an answer to SUBSCRIBE")
        return self.granted[number]

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish, and wait until the broker has acknowledged it."""
        info = self._paho.publish(topic, payload, qos, retain)
        self.wait(info.is_published, f"the acknowledgement of a message to {topic}")

    def attempt(self, topic: str, payload: bytes) -> None:
        """Publish what may be refused: wait until the broker has acknowledged it or hung up."""
        info = self._paho.publish(topic, payload, 1)
        self.wait(lambda: not self._paho.is_connected() or info.is_published(), "an answer to PUBLISH")

    def drop(self) -> None:
        """Lose the connection without a goodbye, as in a power cut."""
        self._paho.socket().shutdown(socket.SHUT_RDWR)
        self._paho.loop_stop()

    def expect(self, topic: str, payload: bytes) -> None:
        """Wait until this message has come."""
        self.wait(lambda: (topic, payload) in self.received, f"{payload!r} on {topic}")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until `condition` holds; AssertionError says what did not come."""
        deadline = time.monotonic() + LIMIT_SECONDS
        with self._changed:
            while not condition():
                assert time.monotonic() < deadline, (
                    f"waited {LIMIT_SECONDS} s for {what}; came: {self.received}"
                )
                self._changed.wait(0.05)

    def close(self) -> None:
        """Say goodbye and end the client's thread."""
        self._paho.disconnect()
        self._paho.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _knock(self, broker: BrokerProcess, deadline: float) -> None:
        while True:
            try:
                self._paho.connect(broker.host, broker.port)
                return
            except ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _on_connect(self, _client, _data, flags, reason, _properties) -> None:
        with self._changed:
            self.answer, self.session_present = reason.value, flags.session_present
            self._changed.notify_all()

    def _on_message(self, _client, _data, message) -> None:
        with self._changed:
            self.received.append((message.topic, message.payload))
            self._changed.notify_all()

    def _on_subscribe(self, _client, _data, number, reasons, _properties) -> None:
        with self._changed:
            self.granted[number] = [reason.value for reason in reasons]
            self._changed.notify_all()

    def _on_disconnect(self, _client, _data, _flags, _reason, _properties) -> None:
        with self._changed:
            self.answer = -1 if self.answer is None else self.answer
            self._changed.notify_all()


def client_tls(authority: Path, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS for a client that trusts `authority` and, if given, shows its own certificate."""
    context = ssl.create_default_context(cafile=authority)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
