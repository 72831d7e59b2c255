"""A warning of the Common Alerting Protocol 1.2 as data, and what may become of it.

The words are those of the OASIS standard ("CAP", section 3.2). Its urgency, severity and certainty say how bad the
thing is; they are not the urgency of a session (`protocol.urgency`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from headend.domain.siting import Spot

# CAP leaves it to the receiver how long a warning without `expires` holds. Ours: a day, after which somebody must
# say it again.
UNDATED_LASTS = timedelta(hours=24)
# A sender's clock may be ahead of ours by as much; what is dated later is not believed.
CLOCKS_DIFFER = timedelta(minutes=5)


class Status(StrEnum):
    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Urgency(StrEnum):
    """When to act. CAP's word: not the urgency of a session."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """The worst first."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Named:
    """One of CAP's pairs of valueName and value: an event code, a parameter, a geocode."""

    name: str
    value: str


@dataclass(frozen=True)
class Circle:
    """`km` is the radius."""

    centre: Spot
    km: float


@dataclass(frozen=True)
class Area:
    """Where: the union of its polygons (first corner = last), circles and geocodes. Heights are feet above the sea."""

    description: str
    polygons: tuple[tuple[Spot, ...], ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Named, ...] = ()
    altitude_feet: float | None = None
    ceiling_feet: float | None = None


@dataclass(frozen=True)
class Resource:
    """A picture or recording that belongs to a warning. Kept as it came; never fetched and never played."""

    description: str
    mime_type: str
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Info:
    """What happens, in one language."""

    categories: tuple[str, ...]
    event: str
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    language: str = "en-US"  # what CAP says of an info that names none
    responses: tuple[str, ...] = ()
    audience: str | None = None
    event_codes: tuple[Named, ...] = ()
    effective_at: datetime | None = None
    onset_at: datetime | None = None
    expires_at: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[Named, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()

    @property
    def vietnamese(self) -> bool:
        """Whether the voice of the poles can speak it."""
        return self.language.lower().split("-")[0] == "vi"


@dataclass(frozen=True)
class Reference:
    """What names one message for ever: who, which and when (CAP 3.2.1, `references`)."""

    sender: str
    identifier: str
    sent_at: datetime


@dataclass(frozen=True)
class Alert:
    """One message, as it was sent. All instants are aware."""

    identifier: str
    sender: str
    sent_at: datetime
    status: Status
    msg_type: MsgType
    scope: Scope
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: str | None = None
    infos: tuple[Info, ...] = ()

    @property
    def reference(self) -> Reference:
        """The name by which later messages refer to this one."""
        return Reference(self.sender, self.identifier, self.sent_at)


@dataclass(frozen=True)
class Signer:
    """Whose certificate a signature was checked with; `certificate_sha256` is its fingerprint in hex."""

    sender: str
    certificate_sha256: str


@dataclass(frozen=True)
class Received:
    """A message at the door: `signer` is None where it came without a signature. A wrong signature comes never here."""

    alert: Alert
    signer: Signer | None = None


class Becomes(StrEnum):
    """What a message asks us to prepare."""

    EMERGENCY = "emergency"
    DRILL = "drill"
    ALL_CLEAR = "all_clear"  # the end of an emergency or drill that it refers to, where that one runs
    NOTHING = "nothing"


def ends_at(alert: Alert, info: Info) -> datetime:
    """When this info stops to hold; without `expires` a day after it began to."""
    return info.expires_at or (info.effective_at or alert.sent_at) + UNDATED_LASTS


def in_force(alert: Alert, info: Info, now: datetime) -> bool:
    """Whether an info holds at this instant: it is effective, and has not expired."""
    return (info.effective_at or alert.sent_at) <= now + CLOCKS_DIFFER and now < ends_at(alert, info)


def spoken_infos(alert: Alert, now: datetime) -> tuple[Info, ...]:
    """What is to be said of a message, the worst first: what holds now in Vietnamese, else in its first language."""
    current = [one for one in alert.infos if in_force(alert, one, now)]
    chosen = [one for one in current if one.vietnamese]
    if not chosen and current:
        chosen = [one for one in current if one.language.lower() == current[0].language.lower()]
    worst_first = list(Severity)
    return tuple(sorted(chosen, key=lambda one: worst_first.index(one.severity)))


def becomes(alert: Alert, now: datetime) -> tuple[Becomes, str]:
    """What a message asks for; for NOTHING with the reason, a Vietnamese sentence."""
    if reason := _idle(alert, now):
        return Becomes.NOTHING, reason
    if alert.msg_type is MsgType.CANCEL:
        return Becomes.ALL_CLEAR, ""
    return (Becomes.EMERGENCY if alert.status is Status.ACTUAL else Becomes.DRILL), ""


def _idle(alert: Alert, now: datetime) -> str:
    """Why a message asks for nothing on the public air, or ""."""
    if alert.status not in (Status.ACTUAL, Status.EXERCISE):
        return f"Trạng thái {alert.status}: không phải cảnh báo thật, cũng không phải diễn tập."
    if alert.msg_type in (MsgType.ACK, MsgType.ERROR):
        return f"Loại tin {alert.msg_type}: trả lời một tin khác, không phải cảnh báo."
    if alert.scope is not Scope.PUBLIC:
        return f"Phạm vi {alert.scope}: không dành cho công chúng."
    if alert.sent_at > now + CLOCKS_DIFFER:
        return "Thời điểm gửi còn ở tương lai."
    if alert.msg_type is MsgType.CANCEL:
        return ""  # an end needs no info, and is as good after the expiry
    if not alert.infos:
        return "Tin không có nội dung."
    if all(ends_at(alert, one) <= now for one in alert.infos):
        return "Tin đã hết hiệu lực."
    return "" if spoken_infos(alert, now) else "Tin chưa có hiệu lực."


def replaces(later: Received, earlier: Received) -> bool:
    """Whether an Update or Cancel takes an earlier message out of force by itself.

    Only within one sender and one status: no drill ends the real thing. What was signed is replaced only by what the
    same sender signed; anything else is for a person to judge.
    """
    new, old = later.alert, earlier.alert
    signed_alike = earlier.signer is None or (later.signer is not None and later.signer.sender == earlier.signer.sender)
    return (new.msg_type in (MsgType.UPDATE, MsgType.CANCEL) and new.scope is old.scope and new.status is old.status
            and new.sender == old.sender and new.sent_at >= old.sent_at and new.reference != old.reference
            and old.reference in new.references and signed_alike)


def standing(received: Iterable[Received], now: datetime) -> tuple[Received, ...]:
    """Of all that came, in whatever order and however often, what asks for an emergency or a drill now."""
    once: dict[Reference, Received] = {}
    for one in received:
        known = once.setdefault(one.alert.reference, one)
        if known.signer is None and one.signer is not None:
            once[one.alert.reference] = one  # nobody keeps a signed message out by sending an unsigned one first
    by_reference: dict[Reference, list[Received]] = {}
    for one in once.values():
        for reference in one.alert.references:
            by_reference.setdefault(reference, []).append(one)
    return tuple(one for one in once.values()
                 if becomes(one.alert, now)[0] in (Becomes.EMERGENCY, Becomes.DRILL)
                 and not any(replaces(later, one) for later in by_reference.get(one.alert.reference, [])))
