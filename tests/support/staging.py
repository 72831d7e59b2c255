"""A whole station for end-to-end tests: real broker, head-end process and MicroPython poles, on a working morning."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from headend.domain.person import Role
from headend.domain.session import BroadcastSession
from headend.domain.times import to_ms
from protocol.messages import RATE, Receipt
from simulator import listen
from simulator.demo import broadcast, city, evidence
from simulator.demo.desk import Desk
from simulator.demo.stage import Plot, Stage, free_port
from simulator.fleet import Runtime, VirtualPole

SHORT = "Kính thưa bà con, chiều nay cắt nước để sửa ống. Xin cảm ơn."


@contextmanager
def station(folder: Path, runtime: Runtime, **more: Any) -> Iterator[Stage]:
    """Six poles of one ward at 06:00 of a working day; a session takes less than a minute from here."""
    plot = Plot(folder / "stage", city.build(6), runtime, broadcast.working_day_offset_ms(6), free_port(), **more)
    with Stage(plot, lambda line: print(line)) as stage:
        yield stage


def session_of(stage: Stage, aired: broadcast.Aired) -> BroadcastSession:
    """The session as the database has it now."""
    with stage.house.ports.db() as db:
        session = db.session(aired.session)
    assert session is not None
    return session


def told(stage: Stage, aired: broadcast.Aired, kind: str) -> dict[str, Receipt]:
    """The receipts of one kind, by pole."""
    with stage.house.ports.db() as db:
        return {one.receipt.pole: one.receipt for one in db.receipts(session=aired.session, kinds=(kind,))}


def online(stage: Stage, pole: VirtualPole) -> bool:
    """What the pages would say of the pole's connection."""
    with stage.house.ports.db() as db:
        [(state, _)] = db.pole_states([pole.name])
    return bool(state.online)


def numbers_without_gap(stage: Stage) -> dict[str, bool]:
    """Per pole: whether receipts 1…n are all there, each once."""
    with stage.house.ports.db() as db:
        found: dict[str, list[int]] = {}
        for one in db.receipts():
            found.setdefault(one.receipt.pole, []).append(one.receipt.seq)
    return {pole: sorted(seqs) == list(range(1, len(seqs) + 1)) for pole, seqs in found.items()}


def line_of_sound(stage: Stage, aired: broadcast.Aired, pole: VirtualPole) -> np.ndarray:
    """All that the pole sounded from shortly before the session on, silence where its sink was closed."""
    planned_us = (to_ms(session_of(stage, aired).start_at) - stage.plot.offset_ms) * 1000
    pieces = [one for one in pole.captures() if len(one.samples)]
    begin_us = planned_us - 3_000_000
    line = np.zeros(RATE * 180, dtype=np.int16)
    for one in pieces:
        at = round((one.first_true_us - begin_us) * RATE / 1_000_000)
        assert 0 <= at < len(line) - len(one.samples), "sound outside the session"
        line[at:at + len(one.samples)] = one.samples
    return line


@cache
def airings(stage: Stage, aired: broadcast.Aired) -> dict[str, int]:
    """How many times each pole sounded the bulletin, from the samples at its sink. Ask when all is over."""
    with stage.house.ports.db() as db:
        bulletin = db.bulletin(aired.bulletin)
    assert bulletin is not None
    source = listen.decode(stage.house.ports.sound.recording(bulletin.sha256))
    return {name: listen.count_airings(source, line_of_sound(stage, aired, pole))
            for name, pole in stage.fleet.poles.items()}


@cache
def likenesses(stage: Stage, aired: broadcast.Aired) -> dict[str, evidence.Sounding]:
    """Each pole's sound against the source. Ask when all is over."""
    return {one.pole: one for one in broadcast.soundings(stage, [aired], None)}


def page(stage: Stage, path: str) -> str:
    """The words of a page as the approver sees it, tags and runs of spaces taken out."""
    desk = Desk(stage.base, stage.plot.city.person(Role.APPROVER, city.WARD).username, city.PASSWORD)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", desk.text(path)))
