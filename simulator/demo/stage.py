"""The demonstration's processes: broker, head-end and poles, started in order and ended together."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from headend import main as headend_main
from headend.adapters.broker import BrokerProcess, MosquittoBroker, NatsBroker
from headend.adapters.broker.certs import Authority
from headend.adapters.broker.mosquitto import BrokerTls, installed
from headend.adapters.children import die_with_parent
from headend.commands.enrol import broker_users
from headend.ports import Account, Ports
from headend.services import enrolment
from headend.settings import Settings, read
from simulator import programs
from simulator.demo import city as city_
from simulator.demo.city import City
from simulator.fleet import Fleet, Runtime

Say = Callable[[str], None]
PATIENCE_SECONDS = 60
TLS_HOST = "localhost"  # certificates of addresses are not understood everywhere


class StageFailed(Exception):
    """A part of the demonstration did not start; one sentence."""


class TimedOut(StageFailed):
    """Something was waited for in vain."""


@dataclass(frozen=True)
class Plot:
    """How the demonstration is set up. `offset_ms` shifts the head-end's clock against the host's.

    `broker`: "auto" takes Mosquitto where it is installed, else NATS; "nats"; "mosquitto"; "mosquitto-tls".
    `database`: an address for SQLAlchemy, None for SQLite in the folder.
    """

    root: Path
    city: City
    runtime: Runtime
    offset_ms: int
    port: int
    broker: str = "auto"
    database: str | None = None


class Stage:
    """A context: entering starts everything, leaving ends everything that was started, whatever happened."""

    def __init__(self, plot: Plot, say: Say) -> None:
        self.plot = plot
        self.say = say
        self.base = f"http://127.0.0.1:{plot.port}"
        self._ends = contextlib.ExitStack()
        self._headend: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Stage":
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._ends.close()

    def _start(self) -> None:
        plot = self.plot
        clear(plot.root)
        self.broker = self._start_broker()
        self.env = self._environment()
        self.settings: Settings = read(self.env)
        self.house = headend_main.build(self.settings)
        self._ends.callback(self.house.database.close)
        self._fill(self.house.ports)
        self.broker.add_user(*broker_users(self.house, self.plot.city.clusters))
        self.start_headend()
        self._ends.callback(self.stop_headend)
        self._start_fleet()

    def _start_broker(self) -> BrokerProcess:
        broker = self._make_broker(self.plot.root / "broker")
        self.say(f"starting the broker ({broker.kind})")
        broker.start()
        self._ends.callback(broker.stop)
        broker.watch()
        return broker

    def _make_broker(self, folder: Path) -> BrokerProcess:
        wanted = self.plot.broker
        if wanted == "auto":
            wanted = "mosquitto" if installed() else "nats"
        if wanted == "nats":
            return NatsBroker(folder, queues_on_disk=True)  # else poles are deaf after a restart of it
        program = programs.require("mosquitto").argv
        if wanted == "mosquitto":
            return MosquittoBroker(folder, argv=program)
        authority = Authority(self.plot.root / "certificates")
        tls = BrokerTls(authority, authority.issue_server("broker", [TLS_HOST, "127.0.0.1"]))
        return MosquittoBroker(folder, argv=program, tls=tls)

    @property
    def _authority(self) -> Path | None:
        tls = getattr(self.broker, "tls", None)
        return tls.authority.certificate if tls else None

    def _environment(self) -> dict[str, str]:
        told = {"LOA_DATABASE": self.plot.database} if self.plot.database else {}
        if self._authority:
            told |= {"LOA_BROKER_CA": str(self._authority), "LOA_BROKER_HOST": TLS_HOST}
        return {
            **os.environ,
            **told,
            "LOA_DATA": str(self.plot.root / "headend"),
            "LOA_PORT": str(self.plot.port),
            "LOA_BROKER_PORT": str(self.broker.port),
            "LOA_TIME_PORT": str(free_port(socket.SOCK_DGRAM)),
            "LOA_CLOCK_OFFSET_MS": str(self.plot.offset_ms),
            "LOA_CAPTURES": str(self.plot.root / "poles"),
            "LOA_DEMO": "1",
        }

    def _fill(self, ports: Ports) -> None:
        self.say(f"writing the demonstration's city: {len(self.plot.city.communes)} communes, "
                 f"{len(self.plot.city.clusters)} poles, {len(self.plot.city.people)} accounts")
        password = ports.passwords.hash(city_.PASSWORD)
        with ports.db() as db:
            for cluster in self.plot.city.clusters:
                db.put_cluster(cluster)
            for person in self.plot.city.people:
                db.put_account(Account(person, password))

    def start_headend(self) -> None:
        """Start the head-end and wait until it answers. Also after `kill_headend`."""
        self.say("starting the head-end")
        log = open(self.plot.root / "headend.log", "ab")  # noqa: SIM115 - handed to the child
        with log:
            self._headend = subprocess.Popen([sys.executable, "-m", "headend.cli", "serve"], env=self.env, stdout=log,
                                             stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                             preexec_fn=die_with_parent)
        self.wait(self._answers, "the head-end", PATIENCE_SECONDS)

    def stop_headend(self) -> None:
        """End the head-end in order."""
        if self._headend and self._headend.poll() is None:
            self._headend.terminate()
            try:
                self._headend.wait(10)
            except subprocess.TimeoutExpired:
                self._headend.kill()
                self._headend.wait()

    def kill_headend(self) -> None:
        """kill -9, as a power cut would."""
        if self._headend:
            self._headend.kill()
            self._headend.wait()

    def _answers(self) -> bool:
        if self._headend is None or self._headend.poll() is not None:
            raise StageFailed(f"the head-end ended by itself; see {self.plot.root / 'headend.log'}")
        try:
            with urllib.request.urlopen(self.base + "/api/health", timeout=2) as answer:
                return bool(json.loads(answer.read())["broker"])
        except (OSError, urllib.error.URLError, KeyError, ValueError):
            return False

    def opened(self) -> bool:
        """Whether somebody has opened a page since the head-end was started."""
        with urllib.request.urlopen(self.base + "/api/health", timeout=5) as answer:
            return bool(json.loads(answer.read())["opened"])

    def _start_fleet(self) -> None:
        clusters = self.plot.city.clusters
        self.say(f"starting {len(clusters)} virtual poles on {self.plot.runtime.name}")
        self.fleet = Fleet(self.plot.root / "poles", self.plot.runtime)
        self._ends.callback(self.fleet.stop)
        addresses = enrolment.Addresses(self.settings.broker_host, self.broker.port, f"{self.base}/media", "127.0.0.1",
                                        self.settings.time_port, self._authority)
        keys = self.house.keys
        for number, cluster in enumerate(clusters):
            profile = enrolment.profile(self.house.ports, cluster, addresses, keys.root_modulus, keys.sealed_keys)
            self.fleet.add(profile, ppm=(number * 7) % 41 - 20, box=True)
        self.fleet.start()
        self.wait(self._all_online, "all poles to report", PATIENCE_SECONDS + len(clusters))

    def _all_online(self) -> bool:
        with self.house.ports.db() as db:
            return sum(state.online for state, _ in db.pole_states()) == len(self.plot.city.clusters)

    def wait(self, condition: Callable[[], bool], what: str, limit_seconds: float, every_seconds: float = 0.1) -> None:
        """Until `condition()`; TimedOut names `what` did not happen."""
        end = time.monotonic() + limit_seconds
        while not condition():
            if time.monotonic() > end:
                raise TimedOut(f"waited {limit_seconds:.0f} s in vain for {what}; see {self.plot.root}")
            time.sleep(every_seconds)


def clear(root: Path) -> None:
    """An empty folder for a demonstration; FileExistsError rather than delete anything that is not one."""
    mark = root / ".loa-demonstration"
    if root.exists() and any(root.iterdir()) and not mark.exists():
        raise FileExistsError(f"{root} holds other files")
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True, mode=0o700)
    mark.touch()


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
