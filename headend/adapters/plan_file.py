"""A plan on paper: the JSON file of `loa law check`, parsed at the door into what the law judges.

Every fault names its place, e.g. "sessions[0].items[1].kind". Keys that nobody knows are left aside, and told.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from headend.domain.areas import AreaClass, Cluster
from headend.domain.bulletin import FIELDS
from headend.domain.charter import Slot, StationCharter
from headend.domain.directive import Directive
from headend.domain.lawful import Item, Kind, Law, Proposal
from headend.law import rulebook
from protocol import civil, urgency

EVER = date(1970, 1, 1)
MOST_SECONDS = 7 * 24 * 3600
NOWHERE = math.nan  # a cluster whose position the file does not tell is nobody's neighbour


class PlanFault(Exception):
    """The file is wrong; the text begins with the place in it."""


@dataclass(frozen=True)
class PlanFile:
    """`unknown` are the places of keys that were left aside."""

    law: Law
    at: datetime
    proposals: tuple[Proposal, ...]
    unknown: tuple[str, ...]


class Node:
    """A JSON object and its place; what is read from it is checked, what is never read is unknown."""

    def __init__(self, value: Any, place: str, unknown: list[str]) -> None:
        if not isinstance(value, dict):
            raise PlanFault(f"{place or 'the file'}: an object is expected")
        self._value, self._place, self._unknown = value, place, unknown

    def fault(self, key: str, sentence: str) -> PlanFault:
        """What is wrong with the value of a key."""
        return PlanFault(f"{self._at(key)}: {sentence}")

    def _at(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def knows(self, *keys: str) -> None:
        """These keys have a meaning here."""
        self._unknown += [self._at(key) for key in self._value if key not in keys]

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """A value of this type (no boolean where a number is asked for)."""
        value = self._value.get(key)
        if value is None:
            if default is ...:
                raise self.fault(key, "is missing")
            return default
        if not isinstance(value, kind) or isinstance(value, bool) and kind is not bool:
            raise self.fault(key, f"{_called(kind)} is expected")
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        value = self.get(key, str, default)
        if value == "":
            raise self.fault(key, "must not be empty")
        return value

    def word(self, key: str, words: Any, default: Any = ...) -> Any:
        value = self.get(key, str, default)
        if value is not None and value not in words:
            raise self.fault(key, f"one of {', '.join(words)} is expected, not {value!r}")
        return value

    def number(self, key: str, low: float, high: float, default: Any = ...) -> Any:
        value = self.get(key, (int, float), default)
        if value is not default and not low <= value <= high:
            raise self.fault(key, f"a number from {low:g} to {high:g} is expected")
        return value

    def day(self, key: str, default: Any = ...) -> Any:
        value = self.get(key, str, default)
        if value is default:
            return default
        try:
            if len(value) == 10:
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise self.fault(key, 'a day like "2026-03-07" is expected')

    def instant(self, key: str) -> datetime:
        value = self.get(key, str)
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or not 1970 <= at.year < 9000:
            raise self.fault(key, 'an instant with its zone like "2026-03-02T06:30:00+07:00" is expected')
        return at

    def texts(self, key: str) -> list[str]:
        values = self.get(key, list, [])
        for number, one in enumerate(values):
            if not isinstance(one, str):
                raise self.fault(f"{key}[{number}]", "text is expected")
        return values

    def nodes(self, key: str) -> Iterator["Node"]:
        for number, one in enumerate(self.get(key, list, [])):
            yield Node(one, f"{self._at(key)}[{number}]", self._unknown)

    def one_of(self, key: str, known: Mapping[str, Any], what: str) -> Any:
        """The thing that is named here, None where nothing is."""
        name = self.get(key, str, None)
        if name is not None and name not in known:
            raise self.fault(key, f"there is no {what} {name!r}")
        return known[name] if name is not None else None


def _called(kind: type | tuple[type, ...]) -> str:
    return {str: "text", list: "a list", bool: "true or false"}.get(kind, "a number")  # type: ignore[arg-type]


def read(raw: str) -> PlanFile:
    """The plan that a text holds; PlanFault where it is none."""
    unknown: list[str] = []
    try:
        file = Node(json.loads(raw), "", unknown)
    except (ValueError, RecursionError) as why:
        raise PlanFault(f"the file: not JSON: {why}") from why
    file.knows("set", "at", "clusters", "charters", "directives", "sessions", "name", "rules", "expect")
    books = rulebook.load_all()
    set_ = file.word("set", list(books), rulebook.DEFAULT_SET)
    at = file.instant("at")
    clusters = _unique(file, "clusters", _cluster)
    charters = [_charter(one) for one in file.nodes("charters")]
    directives = _unique(file, "directives", _directive)
    sessions = _unique(file, "sessions", lambda one: _session(one, clusters, directives))
    return PlanFile(Law(books, (), charters, set_), at, tuple(sessions.values()), tuple(unknown))


def _unique(parent: Node, key: str, make: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in parent.nodes(key):
        name = node.text("id")
        if name in found:
            raise node.fault("id", f"{name!r} is there twice")
        found[name] = make(node)
    return found


def _cluster(node: Node) -> Cluster:
    node.knows("id", "class", "commune", "suspended", "name", "lat", "lon")
    name = node.text("id")
    lat, lon = node.number("lat", -90, 90, None), node.number("lon", -180, 180, None)
    if (lat is None) != (lon is None):
        raise node.fault("lat" if lat is None else "lon", "is missing: a position is both")
    return Cluster(name, node.text("commune"), node.text("name", f"Cụm loa {name}"),
                   AreaClass(node.word("class", list(AreaClass))), NOWHERE if lat is None else lat,
                   NOWHERE if lon is None else lon, suspended=node.get("suspended", bool, False))


def _charter(node: Node) -> StationCharter:
    node.knows("commune", "slots")
    return StationCharter(node.text("commune"), EVER, tuple(_slot(one) for one in node.nodes("slots")))


def _slot(node: Node) -> Slot:
    node.knows("half_day", "from", "to", "max_seconds")
    start, end = _minute(node, "from"), _minute(node, "to")
    if end <= start:
        raise node.fault("to", "must be later than from")
    return Slot(node.word("half_day", (civil.MORNING, civil.AFTERNOON)), start, end, _cap(node))


def _cap(node: Node) -> int | None:
    most = node.number("max_seconds", 1, MOST_SECONDS, None)
    return None if most is None else int(most)


def _minute(node: Node, key: str) -> int:
    value = node.get(key, str)
    hours, _, minutes = value.partition(":")
    if len(value) != 5 or not (hours + minutes).isdecimal() or int(hours) * 60 + int(minutes) > 1440 or minutes > "59":
        raise node.fault(key, 'a time of day like "06:30" is expected')
    return int(hours) * 60 + int(minutes)


def _directive(node: Node) -> Directive:
    node.knows("id", "issuer", "number", "date", "lifts", "communes", "from", "to")
    lifts = node.texts("lifts")
    for number, one in enumerate(lifts):
        if not any(one in book.rules for book in rulebook.load_all().values()):
            raise node.fault(f"lifts[{number}]", f"there is no rule {one!r}")
    from_day, to_day = node.day("from"), node.day("to")
    if to_day < from_day:
        raise node.fault("to", "must not be before from")
    return Directive(node.text("id"), node.get("issuer", str, ""), node.get("number", str, ""), node.day("date"),
                     tuple(lifts), tuple(node.texts("communes")), from_day, to_day)


def _session(node: Node, clusters: Mapping[str, Cluster], directives: Mapping[str, Directive]) -> Proposal:
    node.knows("id", "start", "clusters", "urgency", "directive", "items")
    names = node.texts("clusters")
    for number, one in enumerate(names):
        if one not in clusters:
            raise node.fault(f"clusters[{number}]", f"there is no cluster {one!r}")
    items = tuple(_unique(node, "items", lambda one: _item(one, directives)).values())
    return Proposal(node.text("id"), node.instant("start"), sum(one.duration_ms for one in items),
                    urgency.NAMES.index(node.word("urgency", urgency.NAMES, "normal")),
                    tuple(clusters[one] for one in dict.fromkeys(names)), items,
                    node.one_of("directive", directives, "directive"), approval_due=True)


def _item(node: Node, directives: Mapping[str, Directive]) -> Item:
    node.knows("id", "kind", "field", "seconds", "author", "approved_by", "sha256", "approved_sha256", "directive",
               "event_date", "title")
    approval = [node.get(key, str, None) for key in ("author", "approved_by", "sha256", "approved_sha256")]
    return Item(node.text("id"), Kind(node.word("kind", list(Kind))),
                round(node.number("seconds", 0, MOST_SECONDS) * 1000), node.word("field", FIELDS, None),
                node.get("title", str, ""), *approval, directive=node.one_of("directive", directives, "directive"),
                event_day=node.day("event_date", None))
