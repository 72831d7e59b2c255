"""Buổi phát: one continuous block on air, made of bulletins between two chimes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from headend.domain.errors import Conflict
from protocol.machine import IllegalEvent, step


class SessionState(StrEnum):
    PLANNED = "planned"
    APPROVED = "approved"
    SEALED = "sealed"
    ON_AIR = "on_air"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def title(self) -> str:
        return TITLES[self]


S = SessionState
TITLES = {
    S.PLANNED: "chờ duyệt", S.APPROVED: "đã duyệt, đang chuẩn bị", S.SEALED: "đã gửi lệnh", S.ON_AIR: "đang phát",
    S.DONE: "đã xong", S.REFUSED: "bị từ chối", S.WITHDRAWN: "đã hủy",
}

# `approve` comes when the last of its bulletins is approved; `seal` when its order enters the outbox;
# `begin` and `end` are the clock's: what the poles really did stands in their deliveries.
LIFE: dict[str, dict[str, str]] = {
    S.PLANNED: {"approve": S.APPROVED, "refuse": S.REFUSED, "withdraw": S.WITHDRAWN},
    S.APPROVED: {"seal": S.SEALED, "unapprove": S.PLANNED, "refuse": S.REFUSED, "withdraw": S.WITHDRAWN},
    S.SEALED: {"begin": S.ON_AIR, "refuse": S.REFUSED, "withdraw": S.WITHDRAWN},
    S.ON_AIR: {"end": S.DONE, "withdraw": S.WITHDRAWN},
    S.DONE: {},
    S.REFUSED: {},
    S.WITHDRAWN: {},
}

TAKES_AIR = (S.PLANNED, S.APPROVED, S.SEALED, S.ON_AIR, S.DONE)


@dataclass(frozen=True)
class Programme:
    """The joined and encoded audio of a session: `media` is its digest on the wire."""

    media: str
    bytes: int
    frames: int
    # SHA-256 of the recordings it was joined from, in order: shows that nothing was changed after approval.
    made_of: tuple[str, ...]


@dataclass(frozen=True)
class Confirmation:
    """Somebody answered for a warning: why the session shall be all the same."""

    rule: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class BroadcastSession:
    id: str
    commune: str
    start_at: datetime
    duration_ms: int
    urgency: int  # protocol.urgency
    clusters: tuple[str, ...]
    bulletins: tuple[str, ...]
    state: SessionState
    author: str
    created_at: datetime
    programme: Programme | None = None
    why: str = ""  # refused, withdrawn: the sentence that pages show
    directive: str | None = None  # id of the document that lifts what it names for this session (T-09)
    confirmed: tuple[Confirmation, ...] = ()

    @property
    def end_at(self) -> datetime:
        return self.start_at + timedelta(milliseconds=self.duration_ms)


def move(session: BroadcastSession, event: str, why: str = "") -> BroadcastSession:
    """The session after `event`, or Conflict with a sentence."""
    try:
        state = SessionState(step(LIFE, session.state, event))
    except IllegalEvent:
        raise Conflict(f"Buổi phát {session.state.title}, không làm được việc này nữa.") from None
    return replace(session, state=state, why=why or session.why)
