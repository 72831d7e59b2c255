"""The console for tests: a real server, database and sound; a clock and poles that the test moves."""

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from headend.adapters import audio
from headend.adapters.db import Database
from headend.adapters.ears import CaptureEars
from headend.adapters.papers import PaperFolder
from headend.domain.bulletin import Bulletin
from headend.domain.person import Person
from headend.domain.session import BroadcastSession
from headend.domain.times import HANOI, to_ms
from headend.law import rulebook
from headend.ports import Account, Incoming, Login, Ports
from headend.services import bulletins, on_air, receipts, sessions
from headend.services.sessions import Asked
from headend.web.app import DemoInfo, create_app
from headend.web.door import COOKIE
from protocol import messages, receipt, topics
from protocol.schema import Message
from simulator.demo import city
from tests.support import nouns
from tests.support.house import RememberedSound, passwords, ring
from tests.support.waiting import wait_until

PASSWORD = city.PASSWORD
WARD, RURAL = city.WARD, city.RURAL
AUTHOR = f"phatthanh-{WARD}"
APPROVER = f"duyet-{WARD}"
MONDAY = datetime(2026, 3, 2, 5, 30, tzinfo=HANOI)
TEXT = "Kính thưa bà con. Sáng thứ bảy tuần này, trạm y tế tổ chức tiêm chủng cho trẻ em. Xin cảm ơn."


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.at = MONDAY

    def now(self) -> datetime:
        return self.at


@dataclass
class Console:
    """A station's head-end with its pages; `base` is empty while it is not served."""

    ports: Ports
    clock: Clock
    app: FastAPI
    people: dict[str, Person]
    captures: Path
    database: Database
    base: str = ""
    port: int = 0

    def start(self) -> None:
        """Serve, on the port of the last time."""
        config = uvicorn.Config(self.app, port=self.port, log_level="warning", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started, "the server to listen")
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End the server and every stream."""
        self.app.state.site.live.close()
        self._server.should_exit = True
        self._thread.join(10)

    @contextmanager
    def client(self, username: str = "") -> Iterator[httpx.Client]:
        """A program's connection; with a name one that is logged in and sends its token."""
        with httpx.Client(base_url=self.base, trust_env=False, timeout=60) as client:
            if username:
                login, token = self.log_in(username)
                client.cookies.set(COOKIE, token, domain="127.0.0.1")
                client.headers["X-CSRF-Token"] = login.csrf
            yield client

    def log_in(self, username: str) -> tuple[Login, str]:
        """A login and its token without the costly password; that is tested by itself."""
        token, now = secrets.token_urlsafe(32), self.clock.now()
        fingerprint = hashlib.sha256(token.encode()).hexdigest()
        login = Login(fingerprint, username, secrets.token_urlsafe(24), now, now + timedelta(hours=12))
        with self.ports.db() as db:
            db.put_login(login)
        return login, token

    def routes(self) -> dict[tuple[str, str], RouteContext]:
        """Every (method, path) that the application answers, those of included routers too."""
        return {(method, route.path): route for route in iter_route_contexts(self.app.routes)
                for method in route.methods or () if method != "HEAD"}

    def poles(self) -> list[str]:
        """The ward's poles."""
        with self.ports.db(readonly=True) as db:
            return [one.id for one in db.clusters(WARD)]

    def bulletin(self, title: str = "Tiêm chủng", author: str = AUTHOR, text: str = TEXT) -> Bulletin:
        """A spoken draft."""
        person = self.people[author]
        return bulletins.speak(self.ports, person, person.unit, nouns.about(title), text)

    def planned(self, start_at: datetime, title: str = "Tiêm chủng") -> BroadcastSession:
        """A session that waits for approval with its bulletin."""
        made = self.bulletin(title)
        bulletins.submit(self.ports, self.people[AUTHOR], made.id)
        return sessions.plan(self.ports, self.people[AUTHOR], Asked(WARD, start_at, [made.id]))

    def ordered(self, start_at: datetime, title: str = "Tiêm chủng") -> BroadcastSession:
        """A session that is approved, prepared and sealed."""
        session = self.planned(start_at, title)
        bulletins.approve(self.ports, self.people[APPROVER], session.bulletins[0])
        on_air.catch_up(self.ports)
        return self.session(session.id)

    def session(self, session_id: str) -> BroadcastSession:
        with self.ports.db() as db:
            found = db.session(session_id)
        assert found is not None
        return found

    def pole_says(self, pole: str, purpose: bytes, leaf: str, message: Message) -> None:
        """Bytes as they come from a pole, through the same door as in operation."""
        payload = receipt.pack(self.ports.pole_key(pole), purpose, message)
        receipts.ingest(self.ports, [Incoming(topics.topic(topics.pole(pole), leaf), payload)])

    def told(self, pole: str, seq: int, kind: str, session: BroadcastSession, **more) -> None:
        """A receipt of a pole."""
        message = nouns.receipt(seq, pole, kind, session.id, at_ms=to_ms(self.ports.clock.now()), **more)
        self.pole_says(pole, receipt.RECEIPT, topics.RECEIPT, message)

    def online(self, pole: str, online: bool = True, **more) -> None:
        """What a pole says of itself."""
        message = messages.State(pole=pole, online=int(online), at_ms=to_ms(self.ports.clock.now()), **more)
        self.pole_says(pole, receipt.STATE, topics.STATE, message)

    def feels(self, pole: str, **more) -> None:
        """What a pole feels of itself."""
        message = messages.Telemetry(pole=pole, at_ms=to_ms(self.ports.clock.now()), **more)
        self.pole_says(pole, receipt.TELEMETRY, topics.TELEMETRY, message)

    def sounded(self, pole: str, session: BroadcastSession, late_ms: int = 0) -> None:
        """Lay down what a pole's sink would have recorded: the programme as it was encoded."""
        assert session.programme is not None
        programme = session.programme
        samples = audio.decode_media(self.ports.sound.media(programme.media), programme.frames)
        folder = self.captures / pole / "captures"
        folder.mkdir(parents=True, exist_ok=True)
        np.asarray(samples, "<i2").tofile(folder / f"{session.id}.pcm")
        begin_us = to_ms(session.start_at) * 1000 + late_ms * 1000
        described = {"enabled_true_us": begin_us, "rate": messages.RATE}
        (folder / f"{session.id}.json").write_text(json.dumps(described))

    def played(self, session: BroadcastSession, poles: list[str]) -> None:
        """Every receipt of a broadcast as it should be, and the sound."""
        assert session.programme is not None
        for number, pole in enumerate(poles):
            begin_us = to_ms(session.start_at) * 1000 + 400 * number
            self.told(pole, 1, messages.RECEIVED, session, version=1)
            self.told(pole, 2, messages.READY, session)
            self.told(pole, 3, messages.STARTED, session, first_at_us=begin_us, skipped_frames=0)
            self.sounded(pole, session)
            self.told(pole, 4, messages.FINISHED, session, frames=session.programme.frames, underruns=0)


def build(folder: Path, demo: DemoInfo | None = None) -> Console:
    """The demonstration's two stations at 05:30 of a Monday, with accounts of every role."""
    clock, whole, captures = Clock(), city.build(), folder / "poles"
    database = Database(f"sqlite:///{folder / 'loa.db'}")
    database.migrate()
    known, numbers = ring(), count(1)
    ports = Ports(database.transaction, clock, RememberedSound(folder), known, passwords(),
                  CaptureEars(captures, folder / "heard", 0, audio.waveform),
                  PaperFolder(folder / "papers"), rulebook.load_all(),
                  lambda: f"id{next(numbers)}", known.pole_key)
    password = ports.passwords.hash(PASSWORD)
    with ports.db() as db:
        db.put_communes(whole.communes)
        for cluster in whole.clusters:
            db.put_cluster(cluster)
        for person in whole.people:
            db.put_account(Account(person, password))
    people = {one.username: one for one in whole.people}
    return Console(ports, clock, create_app(ports, demo=demo, data_dir=folder), people, captures, database)


@contextmanager
def served(console: Console) -> Iterator[Console]:
    """The console behind a real HTTP server on a port of the system's choice."""
    console.start()
    try:
        yield console
    finally:
        console.stop()
        console.database.close()


@contextmanager
def stopped(console: Console) -> Iterator[None]:
    """The server is down inside the block, and back on the same port after it."""
    console.stop()
    try:
        yield
    finally:
        console.start()
