"""Whom a warning concerns: the communes and clusters that its areas take in."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headend.domain.alert import Area, Circle, Info, Named
from headend.domain.areas import Cluster, Commune, Placed, metres_between
from headend.domain.siting import Spot, inside

# Viet Nam has published no names for geocodes. Ours: the statistics office's code of a commune, five digits.
COMMUNE_CODE = "VN-COMMUNE"
# ISO 3166-2, which senders abroad use: of the whole city.
SUBDIVISION, CITY = "ISO3166-2", "VN-HN"

_COMMUNE = re.compile(r"[0-9]{5}")


@dataclass(frozen=True)
class Reach:
    """`suspended` clusters lie in the area too, but stay silent (P-04). `unplaced` names areas that say nowhere that
    we know of, in codes or shapes: a person has to place them. `communes` are codes.
    """

    communes: tuple[str, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    suspended: tuple[Cluster, ...] = ()
    unplaced: tuple[str, ...] = ()


def reach(infos: Iterable[Info], communes: Iterable[Commune], clusters: Iterable[Cluster]) -> Reach:
    """Whom these infos concern together, in the order of the communes and clusters given.

    A commune is taken in by its code, or by the middle of it or one of its clusters lying in a shape; in the first
    case with all of its clusters, in the others only with those that lie there themselves.
    """
    areas = [area for info in infos for area in info.areas]
    known = tuple(communes)
    coded = {code for area in areas for code in _codes(area, known)}
    shapes = [_Shape(one) for area in areas for one in (*area.polygons, *area.circles)]
    within = [one for one in clusters if one.commune in coded or any(shape.holds(one) for shape in shapes)]
    touched = coded | {one.commune for one in within}
    touched |= {one.code for one in known if any(shape.holds(one) for shape in shapes)}
    return Reach(tuple(one.code for one in known if one.code in touched),
                 tuple(one for one in within if not one.suspended),
                 tuple(one for one in within if one.suspended),
                 tuple(area.description for area in areas if not _placed(area, known)))


def _placed(area: Area, communes: Sequence[Commune]) -> bool:
    return bool(area.polygons or area.circles or _codes(area, communes))


def _codes(area: Area, communes: Sequence[Commune]) -> set[str]:
    """The communes that an area names by codes that we know."""
    return {one.code for code in area.geocodes for one in communes if _names(code, one)}


def _names(code: Named, commune: Commune) -> bool:
    name, value = code.name.strip().upper(), code.value.strip().upper()
    if name == SUBDIVISION:
        return value == CITY
    return name == COMMUNE_CODE and _COMMUNE.fullmatch(value) is not None and value == commune.code


class _Shape:
    """A polygon or a circle. Most of what is asked lies far outside, which the box around a polygon tells cheaply."""

    def __init__(self, shape: tuple[Spot, ...] | Circle) -> None:
        self._shape = shape
        if not isinstance(shape, Circle):
            lats, lons = [one.lat for one in shape], [one.lon for one in shape]
            self._box = min(lats), max(lats), min(lons), max(lons)

    def holds(self, thing: Placed) -> bool:
        if isinstance(self._shape, Circle):
            return metres_between(self._shape.centre, thing) <= self._shape.km * 1000
        south, north, west, east = self._box
        return south <= thing.lat <= north and west <= thing.lon <= east and inside(thing, self._shape)
