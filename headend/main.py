"""The head-end as a process: the only place that knows every adapter. `loa serve` runs it."""

import argparse
import gc
import logging
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn

from headend import settings as settings_
from headend.adapters import audio, places, speech
from headend.adapters.clock import SystemClock
from headend.adapters.db import Database
from headend.adapters.ears import CaptureEars, NoEars
from headend.adapters.keys import KeyRing, open_ring
from headend.adapters.mqtt.link import Link
from headend.adapters.mqtt.pump import Pump
from headend.adapters.papers import PaperFolder
from headend.adapters.passwords import Argon2Passwords
from headend.adapters.sound import SoundWorks
from headend.adapters.time_server import TimeServer
from headend.law import rulebook
from headend.ports import Ports
from headend.services import on_air, receipts
from headend.settings import BadSetting, Settings
from headend.web.app import DemoInfo, create_app

TICK_SECONDS = 1.0

log = logging.getLogger("loa")


@dataclass(frozen=True)
class House:
    """The assembled head-end, not yet running."""

    ports: Ports
    sound: SoundWorks
    database: Database
    keys: KeyRing
    clock: SystemClock
    awake: "Awake"


class Awake:
    """Wakes several threads at once: what they do depends on each other."""

    def __init__(self) -> None:
        self.kitchen = threading.Event()
        self.ticker = threading.Event()

    def __call__(self) -> None:
        self.kitchen.set()
        self.ticker.set()


def build(settings: Settings) -> House:
    """Put the adapters together; migrates the database and makes keys on first use."""
    clock = SystemClock(settings.clock_offset_ms)
    database = Database(settings.database)
    database.migrate()
    with database.transaction() as db:
        if not db.communes():
            db.put_communes(places.communes())
    keys = open_ring(settings.data / "keys", clock.now_us() // 1000)
    sound = SoundWorks(settings.data, _voice(settings).speak)
    ears = NoEars()
    if settings.captures:
        ears = CaptureEars(settings.captures, settings.data / "heard", settings.clock_offset_ms, audio.waveform)
    awake = Awake()
    ports = Ports(db=database.transaction, clock=clock, sound=sound, sealer=keys, passwords=Argon2Passwords(),
                  ears=ears, papers=PaperFolder(settings.data / "papers"), books=rulebook.load_all(),
                  new_id=lambda: secrets.token_hex(8), pole_key=keys.pole_key,
                  wake=awake)
    return House(ports, sound, database, keys, clock, awake)


def _voice(settings: Settings) -> speech.EspeakVoice | speech.PiperVoice:
    try:
        return speech.choose(settings.piper_model, settings.piper_program)
    except speech.NoVoice as why:
        raise BadSetting(str(why)) from why


class Rounds(threading.Thread):
    """Does `work` each second and whenever `awake` is set."""

    def __init__(self, name: str, awake: threading.Event, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._awake = awake
        self._work = work
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.is_set():
            self._awake.wait(TICK_SECONDS)
            self._awake.clear()
            try:
                self._work()
            except Exception:  # must outlive any single fault: the next round tries again
                log.exception("%s failed", self.name)

    def stop(self) -> None:
        self._end.set()
        self._awake.set()
        self.join(5)


@contextmanager
def running(settings: Settings, house: House) -> Iterator[Link]:
    """Everything beside the web server: link to the broker, outbox, ticker, the kitchen of programmes, time server."""
    tls = str(settings.broker_ca) if settings.broker_ca else None
    link = Link(settings.broker_host, settings.broker_port, settings.broker_user, house.keys.secret("broker"), tls=tls,
                take=lambda batch: receipts.ingest(house.ports, batch))
    pump = Pump(house.ports.db, link, house.clock.now, house.database.leader("outbox"))

    def tick() -> None:
        on_air.tick(house.ports)
        pump.wake()

    ticker = Rounds("ticker", house.awake.ticker, tick)
    kitchen = Rounds("kitchen", house.awake.kitchen, lambda: on_air.prepare(house.ports))
    time_server = TimeServer(settings.host, settings.time_port, house.ports.pole_key, house.clock.now_us)
    for part in (time_server, link, pump, ticker, kitchen):
        part.start()
    try:
        yield link
    finally:
        for part in (kitchen, ticker, pump, link, time_server):
            part.stop()
        house.database.close()


class Server(uvicorn.Server):
    """Ends the pages' live streams when it is told to end: they would keep it up."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.site.live.close()
        super().handle_exit(sig, frame)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Run the head-end. Settings come from the environment (LOA_DATA, LOA_PORT, LOA_DATABASE, …)."


def run(args: argparse.Namespace) -> int:
    """Serve until ended. Exit 2 with one sentence when a setting is wrong or the port is taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        settings = settings_.read()
        listener = socket.create_server((settings.host, settings.port))
        house = build(settings)
    except (BadSetting, OSError) as why:
        print(f"loa serve: {why}; change the setting and start again", file=sys.stderr)
        return 2
    gc.collect()
    gc.freeze()  # what was loaded once is not looked through again: each time would hold up whoever waits for an answer
    house.sound.sweep()  # here, and not where it is built: other commands build it while a head-end works
    demo = DemoInfo(settings.clock_offset_ms) if settings.demo else None
    with running(settings, house) as link, listener:
        app = create_app(house.ports, demo=demo, data_dir=settings.data, connected=lambda: link.connected)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3, server_header=False)
        log.info("listening on http://%s:%d", settings.host, settings.port)
        Server(config).run(sockets=[listener])
    return 0
