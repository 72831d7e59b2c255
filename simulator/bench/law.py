"""Planning at the scale of the city: how long the law takes, and whether that grows with the city.

A real SQLite database with a year of sessions of every commune of Hà Nội; the same functions as behind the pages.
"""

import argparse
import gc
import math
import random
import secrets
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from headend.adapters import places
from headend.adapters.clock import SystemClock
from headend.adapters.db import Database
from headend.adapters.ears import NoEars
from headend.adapters.keys import open_ring
from headend.adapters.papers import PaperFolder
from headend.adapters.passwords import Argon2Passwords
from headend.adapters.sound import SoundWorks
from headend.domain.areas import METRES_A_DEGREE, Cluster, Commune, metres_between
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.person import Person, Role
from headend.domain.session import BroadcastSession, Programme, SessionState
from headend.domain.times import HANOI
from headend.law import rulebook
from headend.ports import Ports
from headend.services import on_air, sessions
from headend.services.sessions import Asked
from protocol.urgency import NORMAL
from simulator.bench import year

MONDAY = datetime(2026, 1, 5, 6, 30, tzinfo=HANOI)  # the first morning of the year
TODAY = datetime(2026, 1, 4, 21, 30, tzinfo=HANOI)  # the evening before, when tomorrow is compiled
DIGEST = "ab" * 32


class Clock(SystemClock):
    """Stands still."""

    def now(self) -> datetime:
        return TODAY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--communes", type=int, default=126, help="of Hà Nội's 126 (default: all)")
    parser.add_argument("--clusters", type=int, default=80, help="in each commune")
    parser.add_argument("--checks", type=int, default=1000, help="sessions that are put before the law")
    parser.add_argument("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The figures; times in ms and s of this machine, growth as ratios from one commune to all."""
    communes = places.communes()[:args.communes]
    with tempfile.TemporaryDirectory() as folder:
        ports, database = _house(Path(folder))
        dice = random.Random(args.seed)
        gc.collect()
        gc.freeze()  # as the head-end does before it serves
        begun = time.perf_counter()
        _settle(ports, communes[:1], args.clusters)
        _fill(folder, communes[:1])
        alone = _checks(ports, communes[:1], args, dice)
        compile_alone = _compile(ports, communes[:1])
        _settle(ports, communes[1:], args.clusters)
        _fill(folder, communes[1:])
        filled = time.perf_counter() - begun
        among = _checks(ports, communes, args, dice)
        compile_all = _compile(ports, communes)
        database.close()
    growth = {"communes": len(communes), "check": round(_median(among) / _median(alone), 2),
              "compile_a_commune": round(compile_all / len(communes) / compile_alone, 2)}
    return {"communes": len(communes), "clusters": len(communes) * args.clusters,
            "sessions": len(communes) * (year.HALF_DAYS - year.DAYS // 5), "checks": args.checks,
            "check_ms_p50": round(_median(among), 3), "check_ms_p99": round(_p99(among), 3),
            "compile_city_seconds": round(compile_all, 2), "growth": growth, "fill_seconds": round(filled, 1)}


def _median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def _p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def _house(folder: Path) -> tuple[Ports, Database]:
    database = Database(f"sqlite:///{folder / 'loa.db'}")
    database.migrate()
    keys = open_ring(folder / "keys", int(TODAY.timestamp() * 1000))
    ports = Ports(database.transaction, Clock(0), SoundWorks(folder, _mute), keys, Argon2Passwords(), NoEars(),
                  PaperFolder(folder / "papers"), rulebook.load_all(), partial(secrets.token_hex, 8), keys.pole_key)
    return ports, database


def _mute(text_: str, target: Path) -> Path:
    raise NotImplementedError("nothing is spoken here")


def _settle(ports: Ports, communes: list[Commune], clusters: int) -> None:
    """Communes with their clusters on a square around the middle, up to where the next commune begins (at most 200 m
    apart), and an approved bulletin each.
    """
    across = max(1, math.ceil(clusters ** 0.5))
    known = places.communes()
    with ports.db() as db:
        db.put_communes(communes)
        for place in communes:
            next_one = min(metres_between(place, one) for one in known if one != place)
            pitch = min(200.0, next_one / across) / METRES_A_DEGREE
            for number in range(clusters):
                lat = place.lat + (number // across - across / 2) * pitch
                lon = place.lon + (number % across - across / 2) * pitch
                db.put_cluster(Cluster(f"{place.code}-{number + 1:03d}", place.code, f"Cụm loa số {number + 1}",
                                       place.default_class, lat, lon))
            db.put_bulletin(Bulletin(f"b{place.code}", place.code, "Tin sáng", "local_news", "", "an",
                                     BulletinState.APPROVED, DIGEST, 60_000, -16.0, TODAY, "binh", TODAY, DIGEST))


def _fill(folder: str, communes: list[Commune]) -> None:
    if not communes:
        return
    engine = create_engine(f"sqlite:///{folder}/loa.db")
    with engine.begin() as connection:
        year.fill(connection, (communes[0].code, communes[-1].code), MONDAY)
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _checks(ports: Ports, communes: list[Commune], args: argparse.Namespace, dice: random.Random) -> list[float]:
    """How long each question took, in ms: any commune, any half-day of the year, taken or free, few or all clusters."""
    took = []
    mornings = year.mornings(MONDAY)
    for _ in range(args.checks):
        place = dice.choice(communes)
        start_at = dice.choice(mornings) + timedelta(milliseconds=dice.choice((0, year.AFTERNOON_MS)))
        wanted = dice.choice((1, 6, args.clusters))
        clusters = [f"{place.code}-{number:03d}" for number in sorted(dice.sample(range(1, args.clusters + 1), wanted))]
        person = Person("an", "An", Role.BROADCASTER, place.code)
        asked = Asked(place.code, start_at, [f"b{place.code}"], clusters)
        begun = time.perf_counter()
        sessions.check(ports, person, asked)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def _compile(ports: Ports, communes: list[Commune]) -> float:
    """Seconds to judge, seal and post tomorrow's approved sessions of every commune, with the keys of a real ring."""
    tomorrow = TODAY.replace(hour=6, minute=30) + timedelta(days=1)
    with ports.db() as db:
        for place in communes:
            clusters = tuple(one.id for one in db.clusters(place.code))
            for half in (0, 1):
                start_at = tomorrow + timedelta(milliseconds=half * year.AFTERNOON_MS)
                for old in db.sessions(place.code, start_from=start_at, start_to=start_at + timedelta(seconds=1)):
                    db.put_session(replace(old, state=SessionState.WITHDRAWN))
                db.put_session(_session(ports, place, start_at, clusters))
            db.put_plan_due(place.code, TODAY)
    begun = time.perf_counter()
    on_air.tick(ports)
    took = time.perf_counter() - begun
    with ports.db(readonly=True) as db:
        assert not db.plans_due(TODAY), "every plan was compiled"
        for place in communes:
            sealed = db.sessions(place.code, (SessionState.SEALED,))
            assert len(sealed) == 2, f"{place.code}: {len(sealed)} sessions are sealed"
    return took


def _session(ports: Ports, place: Commune, start_at: datetime, clusters: tuple[str, ...]) -> BroadcastSession:
    programme = Programme(DIGEST, 512 * 1200, 1017 * 1200, (DIGEST,))
    return BroadcastSession(ports.new_id(), place.code, start_at, year.LENGTH_MS, NORMAL, clusters, (f"b{place.code}",),
                            SessionState.APPROVED, "an", TODAY, programme)
