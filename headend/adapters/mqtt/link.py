"""The line to the broker: what poles tell comes in, what the head-end says goes out."""

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

from headend.adapters.mqtt.intake import Delivered, Intake, Take
from headend.ports import Incoming, Outgoing
from protocol import topics

TOLD = [(f"{topics.ROOT}/p/+/{leaf}", 1) for leaf in (topics.RECEIPT, topics.STATE)]
TOLD.append((f"{topics.ROOT}/p/+/{topics.TELEMETRY}", 0))  # the next one is a minute away
MOST_BYTES = 16_384  # of a message that a pole may send; longer ones are dropped unread
KEEPALIVE_SECONDS = 30
CONNECT_SECONDS = 5
PUBACK_SECONDS = 10
SHORTEST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STOP_SECONDS = CONNECT_SECONDS + 2
MOST_IN_FLIGHT = 200

log = logging.getLogger("loa.mqtt")


@dataclass(frozen=True)
class LinkHealth:
    """For a page; the numbers count since the start of the process."""

    connected: bool
    trouble: str  # why the line is down; empty while it is up
    connections: int
    received: int
    waiting: int
    stored: int
    given_up: int
    published: int
    unsent: int  # answers that were dropped because the line was down: poles ask again


class Link:
    """Keeps one MQTT connection with a persistent session; `take` gets what comes in (see Intake).

    Each connection is a new paho client. What the last one had not sent yet is forgotten with it: the outbox
    knows what must be sent again, and an old message can not overtake a newer one.

    `tls` is the file of the broker's certificate authority, or None. Raises OSError where it cannot be read.
    """

    def __init__(self, host: str, port: int, username: str, password: str, *, take: Take,
                 tls: Path | str | None = None, client_id: str = "loa-headend") -> None:
        self._address = (host, port)
        self._login = (username, password)
        self._client_id = client_id
        self._tls = ssl.create_default_context(cafile=tls) if tls else None
        self._intake = Intake(take, self.publish)
        self._end = threading.Event()
        self._hang_up = threading.Event()  # comes after `_end`: the last batch must still be acknowledged
        self._thread = threading.Thread(target=self._run, name="mqtt link", daemon=True)
        self._client: paho.Client | None = None  # while the line is up
        self._trouble = "not started"
        self._connections = self._received = self._published = self._unsent = 0

    def start(self) -> None:
        """Begin to connect; returns at once, whether there is a broker or not."""
        self._intake.start()
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand and hang up, within some seconds."""
        self._end.set()
        self._intake.stop(STOP_SECONDS)
        self._hang_up.set()
        client = self._client
        if client is not None:
            client.disconnect()
        self._thread.join(STOP_SECONDS)

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        return self._connections

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and our subscriptions."""
        return self._client is not None

    def health(self) -> LinkHealth:
        """How the line does."""
        return LinkHealth(
            connected=self.connected,
            trouble="" if self.connected else self._trouble,
            connections=self._connections,
            received=self._received,
            waiting=self._intake.waiting,
            stored=self._intake.stored,
            given_up=self._intake.given_up,
            published=self._published,
            unsent=self._unsent,
        )

    def publish(self, outgoing: Outgoing) -> None:
        """Send without waiting; dropped while the line is down. For answers that will be asked for again."""
        client = self._client
        if client is None:
            self._unsent += 1
        else:
            client.publish(outgoing.topic, outgoing.payload, outgoing.qos, outgoing.retain)
            self._published += 1

    def send(self, batch: Sequence[Outgoing], given_up: Callable[[], bool] = lambda: False) -> list[int]:
        """Send in order and wait until the broker has them; ids of those that it has, without a gap.

        Ends early when the line breaks or `given_up` says so; a broker that confirms nothing for PUBACK_SECONDS
        is hung up on.
        """
        client = self._client
        if client is None or not batch:
            return []
        sent = [client.publish(one.topic, one.payload, one.qos, one.retain) for one in batch]
        deadline = time.monotonic() + PUBACK_SECONDS
        while not _has(sent[-1]) and self._client is client and not given_up():
            if time.monotonic() > deadline:
                self._say(f"the broker has confirmed nothing for {PUBACK_SECONDS} s")
                client.disconnect()
                break
            _wait(sent[-1], 0.1)
        confirmed = takewhile(lambda pair: _has(pair[1]), zip(batch, sent, strict=True))
        safe = [one.id for one, _ in confirmed]
        self._published += len(safe)
        return safe

    def _run(self) -> None:
        pause = SHORTEST_PAUSE_SECONDS
        while not self._end.is_set():
            before = self._connections
            self._connect_once()
            if self._connections > before:
                pause = SHORTEST_PAUSE_SECONDS
            self._end.wait(pause * random.uniform(0.5, 1))  # not all head-ends at the same instant
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _connect_once(self) -> None:
        """One connection from beginning to end."""
        over = threading.Event()
        client = self._new_client(over)
        try:
            client.connect(*self._address, keepalive=KEEPALIVE_SECONDS)
        except OSError as why:
            self._say(f"no connection to the broker: {why}")
            return
        client.loop_start()
        while not over.wait(0.5):
            if self._hang_up.is_set():
                client.disconnect()
        client.loop_stop()

    def _new_client(self, over: threading.Event) -> paho.Client:
        version = paho.CallbackAPIVersion.VERSION2
        ours = {"clean_session": False, "manual_ack": True, "reconnect_on_failure": False}
        client = paho.Client(version, self._client_id, **ours)
        client.username_pw_set(*self._login)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.connect_timeout = CONNECT_SECONDS
        client.max_inflight_messages_set(MOST_IN_FLIGHT)
        client.user_data_set(over)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self._say(f"the broker refuses us: {reason}")
        else:
            client.subscribe(TOLD)

    def _on_subscribe(self, client: paho.Client, _data: Any, _mid: int, reasons: list, _more: Any) -> None:
        refused = [str(one) for one in reasons if one.is_failure]
        if refused:
            self._say(f"the broker refuses our subscriptions: {refused[0]}")
            client.disconnect()
            return
        self._connections += 1
        self._client = client
        self._say("")

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        """Runs in paho's thread, which an exception would end."""
        self._received += 1
        # The acknowledgement goes to the connection that the message came by; if that is gone, it comes again.
        acknowledge = partial(client.ack, message.mid, message.qos)
        try:
            topic = message.topic
        except UnicodeError:
            topic = ""
        if not topic or len(message.payload) > MOST_BYTES:
            log.warning("dropped %d bytes on %r: too long, or no text as topic", len(message.payload), topic)
            acknowledge()
        else:
            self._intake.put(Delivered(Incoming(topic, message.payload, message.retain), acknowledge))

    def _on_disconnect(self, client: paho.Client, over: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if self._client is client:
            self._client = None
            self._say(f"the line to the broker broke: {reason}")
        over.set()

    def _say(self, trouble: str) -> None:
        """Log a change of the line's state once."""
        if trouble != self._trouble and not self._end.is_set():
            log.log(logging.WARNING if trouble else logging.INFO, "%s", trouble or "connected to the broker")
        self._trouble = trouble


def _has(info: paho.MQTTMessageInfo) -> bool:
    """Whether the broker has confirmed the message; paho raises where it could not even be sent."""
    try:
        return info.is_published()
    except (RuntimeError, ValueError):
        return False


def _wait(info: paho.MQTTMessageInfo, seconds: float) -> None:
    try:
        info.wait_for_publish(seconds)
    except (RuntimeError, ValueError):
        time.sleep(seconds)
