"""The demonstration's Hà Nội: the real 126 units, some with poles at plausible places, and an account per role."""

import math
from dataclasses import dataclass

from headend.adapters.places import communes
from headend.domain.areas import Cluster, Commune
from headend.domain.person import EVERYWHERE, Person, Role
from headend.web.site import DEMO_PASSWORD

WARD = "00070"  # phường Hoàn Kiếm
RURAL = "00577"  # xã Bát Tràng
IN_WARD = 6
IN_RURAL = 8
DEFAULT_POLES = IN_WARD + IN_RURAL
PER_FURTHER_UNIT = 10

PASSWORD = DEMO_PASSWORD  # of every demonstration account; such accounts exist in a demonstration only


@dataclass(frozen=True)
class City:
    """What the demonstration starts with."""

    communes: list[Commune]
    clusters: list[Cluster]
    people: list[Person]

    @property
    def stations(self) -> list[Commune]:
        """Communes that have poles."""
        active = {one.commune for one in self.clusters}
        return [one for one in self.communes if one.code in active]

    def person(self, role: Role, unit: str) -> Person:
        """The account of this role at this unit."""
        return next(one for one in self.people if one.role is role and one.unit == unit)


def build(poles: int = DEFAULT_POLES) -> City:
    """A city with this many poles: the ward's and the rural commune's first, then further units by turn."""
    units = communes()
    first = {WARD: IN_WARD, RURAL: IN_RURAL}
    order = [WARD, RURAL, *(one.code for one in units if one.code not in first)]
    by_code = {one.code: one for one in units}
    clusters: list[Cluster] = []
    for code in order:
        count = min(first.get(code, PER_FURTHER_UNIT), poles - len(clusters))
        clusters += [_cluster(by_code[code], number) for number in range(1, count + 1)]
        if len(clusters) == poles:
            break
    return City(units, clusters, _people(units, sorted({one.commune for one in clusters})))


def _cluster(commune: Commune, number: int) -> Cluster:
    """Around the unit's centroid on a sunflower spiral, 120 m and more apart: plausible, not surveyed."""
    spacing_m = 120 if commune.kind == "phường" else 260
    radius_m, angle = spacing_m * math.sqrt(number), number * math.pi * (3 - math.sqrt(5))
    lat = commune.lat + radius_m * math.cos(angle) / 111_320
    lon = commune.lon + radius_m * math.sin(angle) / (111_320 * math.cos(math.radians(commune.lat)))
    place = "Tổ dân phố số" if commune.kind == "phường" else "Thôn số"
    return Cluster(
        f"{commune.code}-{number:02d}",
        commune.code,
        f"Cụm loa {place} {number}",
        commune.default_class,
        round(lat, 6),
        round(lon, 6),
    )


def _people(units: list[Commune], stations: list[str]) -> list[Person]:
    names = {one.code: one.name for one in units}
    people = []
    for code in stations:
        people.append(Person(f"phatthanh-{code}", f"Phát thanh viên {names[code]}", Role.BROADCASTER, code))
        people.append(Person(f"duyet-{code}", f"Người duyệt {names[code]}", Role.APPROVER, code))
    people.append(Person("canbo", "Cán bộ Sở", Role.STAFF, EVERYWHERE))
    people.append(Person("kythuat", "Kỹ thuật viên", Role.TECHNICIAN, EVERYWHERE))
    people.append(Person("danhgia", "Người đánh giá", Role.EVALUATOR, EVERYWHERE))
    people.append(Person("quantri", "Quản trị", Role.ADMINISTRATOR, EVERYWHERE))
    return people
