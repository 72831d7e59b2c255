"""A street of virtual poles with a real broker and the head-end's side, for tests of poles."""

import time
from pathlib import Path

import numpy as np

from headend.adapters.broker import MosquittoBroker
from headend.adapters.broker.access import headend_user, pole_user
from protocol import messages
from simulator.fleet import Capture, Fleet, VirtualPole
from simulator.listen import match
from simulator.runtime import Runtime
from tests.support import keys
from tests.support.headside import Desk, MediaServer, TimeServer
from tests.support.waiting import wait_until

GROUPS = ("00070", "all")
PASSWORD = "not-a-secret"
START_TOLERANCE_MS = 3.0


class Street:
    """Everything that a pole meets. Close it, or use it as a context manager."""

    def __init__(
        self, folder: Path, runtime: Runtime, broker: MosquittoBroker, tls: dict | bool = False, desk: bool = True
    ):
        """`tls`: as in a profile; `desk`: whether there is somebody at the head-end."""
        self.broker = broker
        self.tls = tls
        self.time = TimeServer()
        self.media = MediaServer()
        self.fleet = Fleet(folder / "poles", runtime)
        broker.add_user(headend_user(PASSWORD, "_desk"))
        self.desk = Desk(broker.host, broker.port, "_desk", PASSWORD, ca=tls and tls["ca"]) if desk else None

    def pole(self, name: str = "p1", start: bool = True, **how: object) -> VirtualPole:
        """A pole of the group 00070, switched on and connected unless `start` is False."""
        self.broker.add_user(pole_user(name, GROUPS, PASSWORD))
        broker = {
            "host": self.broker.host,
            "port": self.broker.port,
            "user": name,
            "password": PASSWORD,
            "tls": self.tls,
        }
        profile = keys.profile(name, broker=broker, media=self.media.base, time=self.time.address, groups=GROUPS)
        pole = self.fleet.add(profile, **how)
        if start:
            pole.start()
            self.wait_online(name)
        return pole

    def wait_online(self, name: str = "p1", online: int = 1) -> None:
        """Until the pole's retained state says so."""
        wait_until(
            lambda: self.desk.states.get(name) and self.desk.states[name][-1].online == online,
            f"{name} to be {'online' if online else 'offline'}",
        )

    def session(self, samples: np.ndarray, raw: bytes, in_seconds: float, name: str = "s1", **more: object):
        """A session of one file that begins `in_seconds` from now."""
        at_ms = int((time.time() + in_seconds) * 1000)
        item = self.media.add(raw, len(samples))
        length_ms = -(-len(samples) * 1000 // messages.RATE)
        return messages.Session(id=name, at_ms=at_ms, length_ms=length_ms, items=[item], **more)

    def close(self) -> None:
        """Everything ends."""
        self.fleet.stop()
        if self.desk:
            self.desk.close()
        self.time.close()
        self.media.close()

    def __enter__(self) -> "Street":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sleep_until(at_ms: float) -> None:
    """Until an instant in Unix ms: sessions happen at instants, there is nothing else to wait for."""
    time.sleep(max(0.0, at_ms / 1000 - time.time()))


def assert_heard(capture: Capture, source: np.ndarray, at_ms: float, likeness: float = 0.98) -> None:
    """`source` left the speaker at its instant and is what it should be."""
    found = match(source, capture.samples)
    error_ms = capture.true_us(found.offset_samples) / 1000 - at_ms
    assert found.score >= likeness, f"likeness {found.score:.3f}"
    assert abs(error_ms) <= START_TOLERANCE_MS, f"{error_ms:.2f} ms beside its instant"


def sounding(captures: list[Capture]) -> list[Capture]:
    """Those in which anything was heard."""
    return [capture for capture in captures if np.any(capture.samples)]


def frames_heard(captures: list[Capture]) -> int:
    """How many frames were not silent, from the first to the last of each capture."""
    heard = 0
    for capture in sounding(captures):
        loud = np.flatnonzero(capture.samples)
        heard += int(loud[-1] - loud[0] + 1)
    return heard
