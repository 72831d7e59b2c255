"""What may come in at all: size, depth, encoding, no document types; then the schema of the standard.

Two parsers see the same bytes. The first (defusedxml on expat) builds nothing: it refuses what is built to harm before
the second (lxml), which the schema and the signature need, makes a tree of it.
"""

import re
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from lxml import etree

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
MOST_BYTES = 1 << 20
MOST_DEPTH = 10  # CAP needs 5, a signature with its certificate 7
MOST_ELEMENTS = 20_000
MOST_TOLD = 300
INSTANT = 'an instant with its zone like "2026-03-02T06:30:00+07:00" is expected (UTC is -00:00)'

_SCHEMA = Path(__file__).with_name("cap-1.2.xsd")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_BOM = b"\xef\xbb\xbf"
_UNTRUSTING = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_NAMESPACE = re.compile(r"\{[a-z]+:[^}]*\}")
_WHO = re.compile(r"^Element '[^']*'(, attribute '[^']*')?: (\[facet '\w+'\] )?")


class Turned(Exception):
    """A message was turned away. The text is one line, however a stranger's words got into it."""

    def __init__(self, told: str) -> None:
        line = " ".join("".join(one if one.isprintable() else " " for one in told).split())
        super().__init__(line if len(line) <= MOST_TOLD else f"{line[:MOST_TOLD]}…")


class BadCap(Turned):
    """The bytes are no CAP 1.2 that we take; the text names the place."""


class _Gate:
    """Counts what expat tells; the parser's target in place of a tree."""

    def __init__(self) -> None:
        self._depth = self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MOST_DEPTH:
            raise BadCap(f"the file: elements lie more than {MOST_DEPTH} deep")
        if self._elements > MOST_ELEMENTS:
            raise BadCap(f"the file: more than {MOST_ELEMENTS} elements")

    def end(self, tag: str) -> None:
        self._depth -= 1


def root_of(raw: bytes) -> etree._Element:
    """The `alert` of a file, well-formed and harmless but not yet checked against the schema."""
    raw = _text_of(raw)
    gate = DefusedXMLParser(target=_Gate(), forbid_dtd=True)
    try:
        gate.feed(raw)
        gate.close()
    except DefusedXmlException as why:
        raise BadCap("the file: document types and entities are not taken (they can be built to harm)") from why
    except ParseError as why:
        raise BadCap(f"the file: not well-formed XML: {why}") from why
    root = parse(raw)
    if root.tag != f"{{{CAP}}}alert":
        raise BadCap(f"the file: an alert of the namespace {CAP} is expected, not {root.tag}")
    return root


def parse(raw: bytes) -> etree._Element:
    """A tree of bytes that have passed the gate."""
    try:
        return etree.fromstring(raw, etree.XMLParser(**_UNTRUSTING))
    except etree.XMLSyntaxError as why:
        raise BadCap(f"the file: not well-formed XML: {why.msg}") from why


def _text_of(raw: bytes) -> bytes:
    """UTF-8 without mark: in any other encoding two parsers might read two things."""
    if len(raw) > MOST_BYTES:
        raise BadCap(f"the file: larger than {MOST_BYTES} bytes")
    raw = raw.removeprefix(_BOM)
    told = _ENCODING.match(raw)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as why:
        raise BadCap(f"the file: not UTF-8 at byte {why.start}") from why
    if told and told[1].upper() not in (b"UTF-8", b"US-ASCII", b"ASCII"):
        raise BadCap(f"the file: UTF-8 is expected, not {told[1].decode()!r}")
    return raw


def check_schema(root: etree._Element) -> None:
    """BadCap with the first place where a tree is not what the standard's schema describes."""
    schema = _schema()
    if schema.validate(root):
        return
    first = schema.error_log[0]
    told = _WHO.sub("", _NAMESPACE.sub("", first.message)).strip().rstrip(".")
    try:
        found = root.getroottree().xpath(first.path)[0]
    except (etree.XPathError, IndexError, TypeError):  # a path through a prefix of the stranger's own
        raise BadCap(f"alert, line {first.line}: {told}") from None
    if etree.QName(found).localname in _INSTANTS and "expected" not in told:
        told = INSTANT
    raise BadCap(f"{place_of(found)}: {told}")


def place_of(element: etree._Element) -> str:
    """alert/info[2]/area[1]/polygon[3]"""
    steps = []
    for one in (element, *element.iterancestors()):
        name = etree.QName(one).localname
        alike = 1 + sum(1 for _ in one.itersiblings(one.tag, preceding=True))
        steps.append(f"{name}[{alike}]" if name in _REPEATED else name)
    return "/".join(reversed(steps))


_REPEATED = {"info", "area", "polygon", "circle", "geocode", "parameter", "eventCode", "resource", "code", "category",
             "responseType"}
_INSTANTS = {"sent", "effective", "onset", "expires"}


def _schema() -> etree.XMLSchema:
    """A schema object of one's own for each check: its error log is its state. The text is parsed once."""
    return etree.XMLSchema(_schema_tree())


@cache
def _schema_tree() -> etree._ElementTree:
    return etree.parse(_SCHEMA)
