"""One session at one pole: what the pole has told so far, and nothing that it has not (promise 6)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from protocol import messages
from protocol.machine import can, step


class DeliveryState(StrEnum):
    ORDERED = "ordered"
    RECEIVED = "received"
    READY = "ready"
    PLAYING = "playing"
    PLAYED = "played"
    STOPPED = "stopped"
    MISSED = "missed"
    REFUSED = "refused"

    @property
    def title(self) -> str:
        return TITLES[self]


S = DeliveryState
TITLES = {
    S.ORDERED: "đã gửi lệnh", S.RECEIVED: "đã nhận", S.READY: "đã nhận đủ tiếng", S.PLAYING: "đang phát",
    S.PLAYED: "đã phát", S.STOPPED: "bị dừng", S.MISSED: "không phát", S.REFUSED: "từ chối",
}

_BEFORE = {messages.RECEIVED: S.RECEIVED, messages.READY: S.READY, messages.BEGUN: S.READY, messages.STARTED: S.PLAYING,
           messages.MISSED: S.MISSED, messages.REFUSED: S.REFUSED, messages.STOPPED: S.STOPPED}

# Events are the kinds of receipts. A pole that comes back tells again what it has, so repeats are no errors.
LIFE: dict[str, dict[str, str]] = {
    S.ORDERED: dict(_BEFORE),
    S.RECEIVED: dict(_BEFORE),
    # `begun` only says that it will sound: nothing has been heard yet.
    S.READY: {**_BEFORE, messages.RECEIVED: S.READY},
    S.PLAYING: {messages.STARTED: S.PLAYING, messages.FINISHED: S.PLAYED, messages.STOPPED: S.STOPPED},
    S.PLAYED: {},
    S.STOPPED: {messages.STARTED: S.PLAYING},
    S.MISSED: {},
    S.REFUSED: {},
}

ENDED = frozenset({S.PLAYED, S.STOPPED, S.MISSED, S.REFUSED})


@dataclass(frozen=True)
class Delivery:
    """`started_us`: Unix µs of the first sample by the pole's clock; `note`: a rule's id or a word of the pole;
    `heard_permille`: how much of the sound the pole felt come out of its horns, None where it can not feel it.
    """

    session: str
    pole: str
    state: DeliveryState
    changed_at: datetime
    started_us: int | None = None
    skipped_frames: int = 0
    frames: int | None = None
    underruns: int | None = None
    heard_permille: int | None = None
    note: str = ""


def apply(delivery: Delivery, receipt: messages.Receipt, at: datetime) -> Delivery:
    """The delivery after a receipt; one that the table does not know changes nothing (it stays in the play log)."""
    if not can(LIFE, delivery.state, receipt.kind):
        return delivery
    state = DeliveryState(step(LIFE, delivery.state, receipt.kind))
    changed = replace(delivery, state=state, changed_at=at, note=receipt.rule or receipt.why or "")
    if receipt.kind == messages.STARTED and delivery.started_us is None:
        return replace(changed, started_us=receipt.first_at_us, skipped_frames=receipt.skipped_frames or 0)
    if receipt.kind in (messages.FINISHED, messages.STOPPED):
        return replace(changed, frames=receipt.frames, underruns=receipt.underruns,
                       heard_permille=receipt.heard_permille)
    return changed
