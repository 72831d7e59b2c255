"""Bản tin: a recording, or text that was spoken, and its way to approval (C-06)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from headend.domain.errors import Conflict
from protocol.machine import IllegalEvent, step


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

# Lĩnh vực: what the bulletin is about (C-01 judges it; here it is only recorded).
FIELDS = {
    "local_news": "Tin địa phương",
    "city_policy": "Chủ trương của Thành phố",
    "notice": "Thông báo có thời hạn",
    "emergency": "Khẩn cấp",
    "state_law": "Chính sách, pháp luật",
    "other": "Khác",
}


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


def withdraw(bulletin: Bulletin) -> Bulletin:
    """Take it away for good; sessions that name it can not be sealed any more."""
    return replace(bulletin, state=_move(bulletin, "withdraw"))
