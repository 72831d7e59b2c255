"""Bản tin: a recording, or text that was spoken, and its way to approval (C-06)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from headend.domain.errors import Conflict
from protocol.machine import IllegalEvent, step


class Kind(StrEnum):
    """What is heard. A `source` comes from the source-information system, a `relay` from the higher station; chimes and
    silences are put between bulletins, and are none themselves.
    """

    SPEECH = "speech"
    MUSIC = "music"
    RELAY = "relay"
    SOURCE = "source"
    CHIME = "chime"
    SILENCE = "silence"


KINDS = {Kind.SPEECH: "Lời nói", Kind.MUSIC: "Ca nhạc", Kind.RELAY: "Tiếp sóng đài cấp trên"}  # what people choose from


class BulletinState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"

    @property
    def title(self) -> str:
        return TITLES[self]


S = BulletinState
TITLES = {S.DRAFT: "bản nháp", S.SUBMITTED: "chờ duyệt", S.APPROVED: "đã duyệt", S.WITHDRAWN: "đã rút"}

LIFE: dict[str, dict[str, str]] = {
    S.DRAFT: {"submit": S.SUBMITTED, "replace": S.DRAFT, "withdraw": S.WITHDRAWN},
    S.SUBMITTED: {"approve": S.APPROVED, "send_back": S.DRAFT, "replace": S.DRAFT, "withdraw": S.WITHDRAWN},
    S.APPROVED: {"replace": S.DRAFT, "withdraw": S.WITHDRAWN},
    S.WITHDRAWN: {},
}

# Lĩnh vực: what the bulletin is about (C-01, C-02 and C-03 judge it).
FIELDS = {
    "local_news": "Tin địa phương",
    "city_policy": "Chủ trương của Thành phố",
    "notice": "Thông báo có thời hạn",
    "emergency": "Khẩn cấp",
    "state_law": "Chính sách, pháp luật",
    "other": "Khác",
}


@dataclass(frozen=True)
class About:
    """What its author says of a bulletin."""

    title: str
    field: str
    kind: Kind = Kind.SPEECH
    event_day: date | None = None
    directive: str | None = None


@dataclass(frozen=True)
class Bulletin:
    """`sha256` is that of the normalised recording; `approved_sha256` that of the recording which was approved."""

    id: str
    commune: str
    title: str
    field: str
    text: str  # what was spoken by the synthesiser; empty for a recording
    author: str
    state: BulletinState
    sha256: str
    duration_ms: int
    loudness_lufs: float
    created_at: datetime
    approver: str | None = None
    approved_at: datetime | None = None
    approved_sha256: str | None = None
    note: str = ""  # why it was sent back
    kind: Kind = Kind.SPEECH
    event_day: date | None = None  # of a time-bound notice: it is not told after it (C-03)
    directive: str | None = None  # id of the document that directs it (C-02, C-05)


def _move(bulletin: Bulletin, event: str) -> BulletinState:
    try:
        return BulletinState(step(LIFE, bulletin.state, event))
    except IllegalEvent:
        raise Conflict(f"Bản tin “{bulletin.title}” {bulletin.state.title}, không làm được việc này nữa.") from None


def submit(bulletin: Bulletin) -> Bulletin:
    """Ask for approval."""
    return replace(bulletin, state=_move(bulletin, "submit"), note="")


def approve(bulletin: Bulletin, by: str, at: datetime) -> Bulletin:
    """Approve exactly the recording that is there now. That approver and author differ is judged by `lawful` (C-06)."""
    state = _move(bulletin, "approve")
    return replace(bulletin, state=state, approver=by, approved_at=at, approved_sha256=bulletin.sha256)


def send_back(bulletin: Bulletin, reason: str) -> Bulletin:
    """Return it to its author with a reason."""
    return replace(bulletin, state=_move(bulletin, "send_back"), note=reason)


def replace_sound(bulletin: Bulletin, sha256: str, duration_ms: int, loudness_lufs: float, text: str) -> Bulletin:
    """A changed recording loses its approval (C-06)."""
    return replace(bulletin, state=_move(bulletin, "replace"), sha256=sha256, duration_ms=duration_ms,
                   loudness_lufs=loudness_lufs, text=text, approver=None, approved_at=None, approved_sha256=None)


def describe(bulletin: Bulletin, about: About) -> Bulletin:
    """Say something else of it: what was approved was the recording together with what was said of it (C-06)."""
    return replace(bulletin, state=_move(bulletin, "replace"), title=about.title, field=about.field, kind=about.kind,
                   event_day=about.event_day, directive=about.directive, approver=None, approved_at=None,
                   approved_sha256=None)


def withdraw(bulletin: Bulletin) -> Bulletin:
    """Take it away for good; sessions that name it can not be sealed any more."""
    return replace(bulletin, state=_move(bulletin, "withdraw"))
