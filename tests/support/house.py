"""A head-end without network: real database, real sound, real keys, and a clock that the test owns."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from headend.adapters import speech
from headend.adapters.db import Database
from headend.adapters.ears import NoEars
from headend.adapters.keys import KeyRing, open_ring
from headend.adapters.papers import PaperFolder
from headend.adapters.passwords import Argon2Passwords
from headend.adapters.sound import SoundWorks
from headend.domain.areas import AreaClass, Cluster, Commune
from headend.domain.person import EVERYWHERE, Person, Role
from headend.domain.times import HANOI, to_ms
from headend.law import rulebook
from headend.ports import Incoming, Ports
from protocol import messages, receipt, seal, topics
from tests.support import keys as fixed
from tests.support import nouns

MONDAY = datetime(2026, 3, 2, 5, 30, tzinfo=HANOI)
WARD = "00070"
POLES = ("00070-01", "00070-02")
AN = Person("an", "An", Role.BROADCASTER, WARD)
BINH = Person("binh", "Bình", Role.APPROVER, WARD)
STRANGER = Person("la", "Lạ", Role.BROADCASTER, "00577")
OFFICER = Person("so", "Sở", Role.STAFF, EVERYWHERE)


class Clock:
    """Stands still until the test moves it."""

    def __init__(self, at: datetime = MONDAY) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class House:
    ports: Ports
    clock: Clock
    keys: KeyRing
    woken: list[datetime]
    database: Database

    def plans(self) -> list[messages.Plan]:
        """Every plan that the outbox holds for the ward, its seal checked as a pole would."""
        return [one for one in self.orders() if isinstance(one, messages.Plan)]

    def orders(self) -> list:
        """Contents of all sealed messages in the outbox, in order."""
        with self.ports.db() as db:
            posted = db.unsent(1000)
        known = seal.open_keys(self.keys.sealed_keys, self.keys.root_modulus, 1).keys
        found = []
        for one in posted:
            sealed = seal.unpack(one.payload)
            seal.verify(sealed, int(seal.known_key(known, sealed.kid).modulus, 16))
            found.append(seal.open_body(sealed).content)
        return found

    def told(self, pole: str, seq: int, kind: str, session: str, **more) -> Incoming:
        """A receipt as the pole would send it."""
        now_ms = to_ms(self.clock.now())
        message = nouns.receipt(seq, pole, kind, session, at_ms=now_ms, **more)
        payload = receipt.pack(self.ports.pole_key(pole), receipt.RECEIPT, message)
        return Incoming(topics.topic(topics.pole(pole), topics.RECEIPT), payload)


class RememberedSound(SoundWorks):
    """Real sound; what was spoken or joined once in this folder is not made again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, speech.choose().speak)
        self.speak = cache(super().speak)
        self.programme = cache(lambda made_of: super(RememberedSound, self).programme(made_of))


@cache
def ring() -> KeyRing:
    """A key ring of the tests' fixed keys, read once: making or checking keys costs seconds."""
    roles = {"root": "root", "plan": "plan", "emergency": "emergency", "drill": "stranger", "update": "stranger"}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for role, key in roles.items():
            shutil.copy(fixed.KEY_FOLDER / f"{key}.pem", folder / f"{role}.pem")
        (folder / "poles.key").write_bytes(bytes(32))
        (folder / "keys.sealed").write_bytes(fixed.key_list())
        return open_ring(folder, to_ms(MONDAY))


@cache
def passwords() -> Argon2Passwords:
    """The real thing, made once: a hash costs a tenth of a second on purpose."""
    return Argon2Passwords()


def build(folder: Path, sound: SoundWorks | None = None) -> House:
    """A house with one ward, two poles, and the people above."""
    clock, woken = Clock(), []
    database = Database(f"sqlite:///{folder / 'loa.db'}")
    database.migrate()
    keys = ring()
    numbers = iter(range(1, 10_000))
    ports = Ports(database.transaction, clock, sound or RememberedSound(folder), keys, passwords(),
                  NoEars(), PaperFolder(folder / "papers"), rulebook.load_all(),
                  lambda: f"id{next(numbers)}", keys.pole_key,
                  lambda: woken.append(clock.now()))
    with ports.db() as db:
        db.put_communes([Commune(WARD, "Phường Hoàn Kiếm", "phường", 21.03, 105.85),
                         Commune("00577", "Xã Bát Tràng", "xã", 20.98, 105.9)])
        for pole in POLES:
            db.put_cluster(Cluster(pole, WARD, f"Cụm {pole[-2:]}", AreaClass.Q, 21.03, 105.85))
    return House(ports, clock, keys, woken, database)
