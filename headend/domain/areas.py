"""Communes and their speaker clusters."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

EARTH_METRES = 6_371_000
METRES_A_DEGREE = EARTH_METRES * math.pi / 180  # of latitude
MOST_METRES = 500  # farther away nobody hears two communes at once: no commune may set T-14 wider


class AreaClass(StrEnum):
    """Loại địa bàn: which limits apply (law/rules.md). It belongs to the cluster, not to the commune."""

    Q4 = "Q4"  # Hoàn Kiếm, Ba Đình, Đống Đa, Hai Bà Trưng
    Q = "Q"  # the other urban districts
    H = "H"  # rural districts and Sơn Tây town


@dataclass(frozen=True)
class Commune:
    """Xã or phường of the two-tier order (since 2025-07-01); `code` is the statistics office's, five digits."""

    code: str
    name: str  # "Phường Hoàn Kiếm"
    kind: str  # "phường" | "xã"
    lat: float
    lon: float

    @property
    def default_class(self) -> AreaClass:
        """Class of a new cluster here: phường → Q, xã → H, Sơn Tây and Tùng Thiện → H (ours, law/rules.md)."""
        urban = self.kind == "phường" and not self.name.endswith(("Sơn Tây", "Tùng Thiện"))
        return AreaClass.Q if urban else AreaClass.H


@dataclass(frozen=True)
class Cluster:
    """Cụm loa: one pole on the map. `id` is also the name of the device in it on the wire."""

    id: str
    commune: str
    name: str
    area_class: AreaClass
    lat: float
    lon: float
    horns: int = 2
    suspended: bool = False


class Placed(Protocol):
    """Anything with a position in degrees."""

    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...


def metres_between(one: Placed, other: Placed) -> float:
    """Distance over ground; exact enough for the few hundred metres that loudspeakers are heard over."""
    north = math.radians(other.lat - one.lat)
    east = math.radians(other.lon - one.lon) * math.cos(math.radians((one.lat + other.lat) / 2))
    return EARTH_METRES * math.hypot(north, east)
