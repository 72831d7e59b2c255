"""From a checked tree to a message; what the schema can not say is checked here."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from headend.adapters.cap.door import CAP, INSTANT, BadCap, check_schema, place_of, root_of
from headend.adapters.cap.signature import NOBODY, Trusted, verified
from headend.domain.alert import (
    Alert,
    Area,
    Certainty,
    Circle,
    Info,
    MsgType,
    Named,
    Received,
    Reference,
    Resource,
    Scope,
    Severity,
    Status,
    Urgency,
)
from headend.domain.siting import Spot

MOST_INFOS, MOST_AREAS, MOST_POINTS = 64, 500, 10_000

_NAME = re.compile(r"[^\s,<&]+")  # CAP 3.2.1: identifier and sender without spaces, commas, < and &
_DECIMAL = re.compile(r"[-+]?[0-9]{1,9}(\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")

Word = TypeVar("Word", bound=StrEnum)
Thing = TypeVar("Thing")


def read(raw: bytes, now: datetime, trusted: Trusted = NOBODY) -> Received:
    """The message in a file. Raises BadCap where it is none, Doubtful where its signature is not good.

    `now` is when the signer's certificate has to be valid.
    """
    root, signer = verified(root_of(raw), trusted, now)
    check_schema(root)
    _check_counts(root)
    return Received(_alert(Node(root)), signer)


def _check_counts(root: etree._Element) -> None:
    for tag, most in (("info", MOST_INFOS), ("area", MOST_AREAS)):
        if sum(1 for _ in root.iter(f"{{{CAP}}}{tag}")) > most:
            raise BadCap(f"alert: more than {most} elements {tag}")
    points = sum((one.text or "").count(",") for one in root.iter(f"{{{CAP}}}polygon", f"{{{CAP}}}circle"))
    if points > MOST_POINTS:
        raise BadCap(f"alert: more than {MOST_POINTS} points")


class Node:
    """One element and the words for asking it. Comments inside a text are no part of it."""

    def __init__(self, element: etree._Element) -> None:
        self._element = element

    def fault(self, told: str) -> BadCap:
        return BadCap(f"{place_of(self._element)}: {told}")

    @property
    def text(self) -> str:
        return "".join(self._element.xpath("text()")).strip()

    def all(self, tag: str) -> Iterator["Node"]:
        return (Node(one) for one in self._element.findall(f"{{{CAP}}}{tag}"))

    def one(self, tag: str) -> "Node | None":
        return next(self.all(tag), None)

    def maybe(self, tag: str, make: Callable[["Node"], Thing]) -> Thing | None:
        """What `make` makes of a child that is there and not empty."""
        child = self.one(tag)
        return make(child) if child is not None and child.text else None

    def string(self, tag: str) -> str | None:
        return self.maybe(tag, lambda child: child.text)

    def needed(self, tag: str) -> str:
        text = self.string(tag)
        if text is None:
            raise self.fault(f"{tag} is missing or empty")
        return text

    def strings(self, tag: str) -> tuple[str, ...]:
        return tuple(child.text for child in self.all(tag))

    def word(self, tag: str, words: type[Word]) -> Word:
        return words(self.needed(tag))  # the schema knows the same words

    def named(self, tag: str) -> tuple[Named, ...]:
        return tuple(Named(*(part.text for name in ("valueName", "value") for part in child.all(name)))
                     for child in self.all(tag))


def _alert(node: Node) -> Alert:
    for tag in ("identifier", "sender"):
        if not _NAME.fullmatch(node.needed(tag)):
            raise node.fault(f"{tag} must have no spaces, commas, < and &")
    found = Alert(node.needed("identifier"), node.needed("sender"), _instant(node.one("sent")),
                  node.word("status", Status), node.word("msgType", MsgType), node.word("scope", Scope),
                  node.string("source"), node.string("restriction"), node.string("addresses"), node.strings("code"),
                  node.string("note"), node.maybe("references", _references) or (), node.string("incidents"),
                  tuple(_info(one) for one in node.all("info")))
    if found.scope is Scope.PRIVATE and not found.addresses:
        raise node.fault("addresses are missing: a private message says for whom it is")
    if found.msg_type is not MsgType.ALERT and not found.references:
        raise node.fault(f"references are missing: {found.msg_type} says which message it is about")
    return found


def _references(node: Node) -> tuple[Reference, ...]:
    return tuple(_reference(node, one) for one in node.text.split())


def _reference(node: Node, text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3 or not all(parts):
        raise node.fault(f"sender,identifier,sent is expected, not {text[:80]!r}")
    return Reference(parts[0], parts[1], _instant(node, parts[2]))


def _info(node: Node) -> Info:
    found = Info(node.strings("category"), node.needed("event"), node.word("urgency", Urgency),
                 node.word("severity", Severity), node.word("certainty", Certainty),
                 node.string("language") or Info.language, node.strings("responseType"), node.string("audience"),
                 node.named("eventCode"), node.maybe("effective", _instant), node.maybe("onset", _instant),
                 node.maybe("expires", _instant), node.string("senderName"), node.string("headline"),
                 node.string("description"), node.string("instruction"), node.string("web"), node.string("contact"),
                 node.named("parameter"), tuple(_resource(one) for one in node.all("resource")),
                 tuple(_area(one) for one in node.all("area")))
    if found.expires_at and found.effective_at and found.expires_at < found.effective_at:
        raise node.fault("expires lies before effective")
    return found


def _instant(node: Node, text: str | None = None) -> datetime:
    text = node.text if text is None else text
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 <= at.year < 9000:
        raise node.fault(f"{INSTANT}, not {text[:40]!r}")
    return at


def _resource(node: Node) -> Resource:
    return Resource(node.needed("resourceDesc"), node.needed("mimeType"), node.maybe("size", _size), node.string("uri"),
                    node.string("derefUri"), node.string("digest"))


def _size(node: Node) -> int:
    if not _WHOLE.fullmatch(node.text) or int(node.text) < 0:
        raise node.fault("a number of bytes is expected")
    return int(node.text)


def _area(node: Node) -> Area:
    if node.one("ceiling") is not None and node.one("altitude") is None:
        raise node.fault("a ceiling needs an altitude")  # CAP 3.2.4
    return Area(node.needed("areaDesc"), tuple(_polygon(one) for one in node.all("polygon")),
                tuple(_circle(one) for one in node.all("circle")), node.named("geocode"),
                node.maybe("altitude", _height), node.maybe("ceiling", _height))


def _height(node: Node) -> float:
    return _decimal(node, node.text)


def _polygon(node: Node) -> tuple[Spot, ...]:
    corners = tuple(_spot(node, one) for one in node.text.split())
    if len(corners) < 4 or corners[0] != corners[-1]:
        raise node.fault("at least four corners are expected, the last one equal to the first")
    return corners


def _circle(node: Node) -> Circle:
    parts = node.text.split()
    if len(parts) != 2:
        raise node.fault('a point and a radius in km like "21.03,105.85 5" are expected')
    km = _decimal(node, parts[1])
    if km < 0:
        raise node.fault("a radius is not negative")
    return Circle(_spot(node, parts[0]), km)


def _spot(node: Node, text: str) -> Spot:
    parts = text.split(",")
    if len(parts) != 2:
        raise node.fault(f"latitude,longitude is expected, not {text[:40]!r}")
    spot = Spot(_decimal(node, parts[0]), _decimal(node, parts[1]))
    if not (-90 <= spot.lat <= 90 and -180 <= spot.lon <= 180):
        raise node.fault(f"latitude and longitude in degrees are expected, not {text[:40]!r}")
    return spot


def _decimal(node: Node, text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise node.fault(f"a decimal number is expected, not {text[:40]!r}")
    return float(text)
