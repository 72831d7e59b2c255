"""Where a cluster may stand: not near schools, hospitals and the like without somebody's reason (P-05)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from headend.domain.areas import Cluster, Placed, metres_between
from headend.domain.lawful.verdict import Finding, finding
from headend.law.rulebook import Rulebook

# What a commune loads, by the word in its file → how people call it.
KINDS = {
    "school": "trường học", "hospital": "bệnh viện", "diplomatic": "cơ quan ngoại giao",
    "elderly": "khu người cao tuổi", "foreigners": "khu vực người nước ngoài", "high_rise": "khu nhà cao tầng",
}


@dataclass(frozen=True)
class Spot:
    """A point in degrees."""

    lat: float
    lon: float


@dataclass(frozen=True)
class SensitivePlace:
    """A place that the law keeps loudspeakers away from; `outline` holds one point, or the corners of its ground."""

    kind: str
    name: str
    outline: tuple[Spot, ...]


def near_sensitive(book: Rulebook, cluster: Cluster, places: Iterable[SensitivePlace],
                   radii: Mapping[str, int] | None = None) -> Iterator[Finding]:
    """The warnings P-05 for a cluster: each sensitive place within the radius of its kind (metres; ours: 100)."""
    rule = book.rule("P-05", cluster.area_class)
    if rule is None:
        return
    for place in places:
        limit = (radii or {}).get(place.kind, rule.numbers["metres"])
        metres = _distance(cluster, place)
        if metres <= limit:
            yield finding(rule, f"{cluster.name} cách {KINDS[place.kind]} {place.name} {round(metres)} m; nên tránh "
                          f"đặt loa trong vòng {limit} m.", limit=limit, actual=round(metres), cluster=cluster.id)


def _distance(cluster: Cluster, place: SensitivePlace) -> float:
    """Metres to the nearest point of the outline, 0 inside it."""
    spots = place.outline
    if len(spots) < 3:
        return min(metres_between(cluster, one) for one in spots)
    if inside(cluster, spots):
        return 0.0
    return min(metres_between(cluster, _nearest(cluster, *edge)) for edge in _edges(spots))


def inside(thing: Placed, outline: tuple[Spot, ...]) -> bool:
    """Whether a thing stands within the corners of a ground; the last corner leads back to the first."""
    return sum(_crosses(thing, *edge) for edge in _edges(outline)) % 2 == 1


def _edges(outline: tuple[Spot, ...]) -> Iterator[tuple[Spot, Spot]]:
    return zip(outline, outline[1:] + outline[:1], strict=True)


def _crosses(thing: Placed, one: Spot, other: Spot) -> bool:
    """Whether a line from the thing to the east crosses this edge."""
    if (one.lat > thing.lat) == (other.lat > thing.lat):
        return False
    return thing.lon < one.lon + (thing.lat - one.lat) * (other.lon - one.lon) / (other.lat - one.lat)


def _nearest(cluster: Cluster, one: Spot, other: Spot) -> Spot:
    """The point of an edge that is nearest; over some hundred metres degrees are as good as a plane."""
    north, east = other.lat - one.lat, other.lon - one.lon
    length = north * north + east * east
    part = ((cluster.lat - one.lat) * north + (cluster.lon - one.lon) * east) / length if length else 0.0
    part = min(1.0, max(0.0, part))
    return Spot(one.lat + part * north, one.lon + part * east)
