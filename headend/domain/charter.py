"""Quy chế của đài: the commune's own hours and narrower caps (T-08, O-06), and which rule-set binds it from when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from headend.domain.areas import AreaClass
from headend.domain.errors import BadInput
from headend.law.rulebook import Rule, Rulebook
from protocol import civil

MOST_REASON = 400
_HALVES = {name: (start, end) for name, start, end in civil.HALF_DAYS}


@dataclass(frozen=True)
class Slot:
    """Hours in which a session may lie: minutes of the local day, [from, to].

    `max_seconds` None leaves the law's cap.
    """

    half_day: str  # civil.MORNING | civil.AFTERNOON
    from_minute: int
    to_minute: int
    max_seconds: int | None = None


@dataclass(frozen=True)
class Setting:
    """A number that is ours, set otherwise by the commune, with its reason."""

    rule: str
    name: str
    value: int
    reason: str


@dataclass(frozen=True)
class StationCharter:
    """In force from `from_day` until the next one of the same commune. No slots: no hours were fixed."""

    commune: str
    from_day: date
    slots: tuple[Slot, ...] = ()
    settings: tuple[Setting, ...] = ()
    number: str = ""  # of the decision that issued it
    author: str = ""
    created_at: datetime | None = None

    def numbers(self, rule: Rule) -> Mapping[str, int]:
        """The rule's numbers as they hold here."""
        ours = {one.name: one.value for one in self.settings if one.rule == rule.id and one.name in rule.settable}
        return {**rule.numbers, **ours} if ours else rule.numbers


@dataclass(frozen=True)
class Regime:
    """The rule-set that binds a commune from a day on, until the next one."""

    commune: str
    from_day: date
    rule_set: str
    reason: str = ""
    author: str = ""


def check(charter: StationCharter, book: Rulebook, classes: Iterable[AreaClass]) -> None:
    """BadInput where a charter is wider than the law, or not clear. `classes`: those of the commune's clusters."""
    caps = [cap for one in classes for _, cap in book.caps(one)]
    for slot in charter.slots:
        _check_slot(slot, max(caps, default=None))
    in_order = sorted(charter.slots, key=lambda one: one.from_minute)
    for before, after in zip(in_order, in_order[1:], strict=False):
        if after.from_minute < before.to_minute:
            raise BadInput("Các khung giờ không được chồng lên nhau.", "slots")
    for setting in charter.settings:
        _check_setting(setting, book)


def _check_slot(slot: Slot, cap: int | None) -> None:
    if slot.half_day not in _HALVES:
        raise BadInput("Mỗi khung giờ phải là buổi sáng hoặc buổi chiều.", "slots")
    start, end = _HALVES[slot.half_day]
    if not start <= slot.from_minute < slot.to_minute <= end:
        raise BadInput(f"Khung giờ {clock(slot.from_minute)}–{clock(slot.to_minute)} phải nằm trong "
                       f"{clock(start)}–{clock(end)}, và kết thúc sau khi bắt đầu.", "slots")
    if slot.max_seconds is not None and slot.max_seconds < 1:
        raise BadInput("Thời lượng của khung giờ phải dài hơn không.", "slots")
    if slot.max_seconds is not None and cap is not None and slot.max_seconds > cap:
        raise BadInput(f"Quy chế chỉ được hẹp hơn quy định: nhiều nhất {cap // 60} phút mỗi buổi.", "slots")


def _check_setting(setting: Setting, book: Rulebook) -> None:
    rule = book.rules.get(setting.rule)
    if rule is None or setting.name not in rule.settable:
        raise BadInput(f"Số này của quy tắc {setting.rule} không đặt khác được.", "settings")
    low, high = rule.settable[setting.name]
    if not low <= setting.value <= high:
        raise BadInput(f"Quy tắc {setting.rule}: chỉ đặt được từ {low} đến {high}.", "settings")
    if not setting.reason.strip() or len(setting.reason) > MOST_REASON:
        raise BadInput(f"Hãy ghi lý do đặt khác quy tắc {setting.rule}.", "settings")


def clock(minute: int) -> str:
    """06:30, of a minute of the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
