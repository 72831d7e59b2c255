"""From a message to XML in the order of the standard's schema."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from lxml import etree

from headend.adapters.cap.door import CAP, BadCap
from headend.adapters.cap.reading import read
from headend.domain.alert import Alert, Area, Circle, Info, Named, Reference, Resource
from headend.domain.siting import Spot


def write(alert: Alert) -> bytes:
    """XML in UTF-8 that the standard's schema takes and `read` reads as the same message.

    Raises BadCap where the message can not be told so: nothing leaves that would be read as something else.
    """
    root = etree.Element(f"{{{CAP}}}alert", nsmap={None: CAP})
    try:
        _fill(root, alert)
        raw = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    except ValueError as why:
        raise BadCap(f"alert: {why}") from why
    if read(raw, alert.sent_at).alert != alert:
        raise BadCap("alert: it would not be read as it was meant (blanks around a text, or an empty one)")
    return raw


def _fill(root: etree._Element, alert: Alert) -> None:
    _put(root, "identifier", alert.identifier)
    _put(root, "sender", alert.sender)
    _put(root, "sent", _instant(alert.sent_at))
    _put(root, "status", alert.status)
    _put(root, "msgType", alert.msg_type)
    _put(root, "source", alert.source)
    _put(root, "scope", alert.scope)
    _put(root, "restriction", alert.restriction)
    _put(root, "addresses", alert.addresses)
    _put(root, "code", *alert.codes)
    _put(root, "note", alert.note)
    _put(root, "references", " ".join(map(_reference, alert.references)) or None)
    _put(root, "incidents", alert.incidents)
    for info in alert.infos:
        _info(etree.SubElement(root, f"{{{CAP}}}info"), info)


def _info(node: etree._Element, info: Info) -> None:
    _put(node, "language", info.language)
    _put(node, "category", *info.categories)
    _put(node, "event", info.event)
    _put(node, "responseType", *info.responses)
    _put(node, "urgency", info.urgency)
    _put(node, "severity", info.severity)
    _put(node, "certainty", info.certainty)
    _put(node, "audience", info.audience)
    _named(node, "eventCode", info.event_codes)
    for tag, at in (("effective", info.effective_at), ("onset", info.onset_at), ("expires", info.expires_at)):
        _put(node, tag, at and _instant(at))
    _put(node, "senderName", info.sender_name)
    _put(node, "headline", info.headline)
    _put(node, "description", info.description)
    _put(node, "instruction", info.instruction)
    _put(node, "web", info.web)
    _put(node, "contact", info.contact)
    _named(node, "parameter", info.parameters)
    for resource in info.resources:
        _resource(etree.SubElement(node, f"{{{CAP}}}resource"), resource)
    for area in info.areas:
        _area(etree.SubElement(node, f"{{{CAP}}}area"), area)


def _resource(node: etree._Element, resource: Resource) -> None:
    _put(node, "resourceDesc", resource.description)
    _put(node, "mimeType", resource.mime_type)
    _put(node, "size", None if resource.size is None else str(resource.size))
    _put(node, "uri", resource.uri)
    _put(node, "derefUri", resource.deref_uri)
    _put(node, "digest", resource.digest)


def _area(node: etree._Element, area: Area) -> None:
    _put(node, "areaDesc", area.description)
    _put(node, "polygon", *(" ".join(map(_spot, one)) for one in area.polygons))
    _put(node, "circle", *map(_circle, area.circles))
    _named(node, "geocode", area.geocodes)
    for tag, feet in (("altitude", area.altitude_feet), ("ceiling", area.ceiling_feet)):
        _put(node, tag, None if feet is None else _decimal(feet))


def _put(parent: etree._Element, tag: str, *texts: str | None) -> None:
    for text in texts:
        if text is not None:
            etree.SubElement(parent, f"{{{CAP}}}{tag}").text = text


def _named(parent: etree._Element, tag: str, pairs: tuple[Named, ...]) -> None:
    for one in pairs:
        node = etree.SubElement(parent, f"{{{CAP}}}{tag}")
        _put(node, "valueName", one.name)
        _put(node, "value", one.value)


def _instant(at: datetime) -> str:
    """Whole seconds and whole minutes of offset, which is all that CAP has; UTC is -00:00 (CAP 3.3.2)."""
    offset = at.utcoffset()
    if offset is None or at.microsecond:
        raise ValueError(f"{at}: an instant in whole seconds with its zone is expected")
    if offset % timedelta(minutes=1):
        at, offset = at.astimezone(UTC), timedelta(0)
    text = at.isoformat(timespec="seconds")
    return text if offset else f"{text[:19]}-00:00"


def _reference(one: Reference) -> str:
    return f"{one.sender},{one.identifier},{_instant(one.sent_at)}"


def _circle(one: Circle) -> str:
    return f"{_spot(one.centre)} {_decimal(one.km)}"


def _spot(one: Spot) -> str:
    return f"{_decimal(one.lat)},{_decimal(one.lon)}"


def _decimal(number: float) -> str:
    """Never 1e-05, which CAP does not know."""
    return format(Decimal(repr(number)), "f")
