"""How pages say the law: groups of rules, their force, and each number with its name and unit."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from headend.domain.areas import AreaClass
from headend.domain.bulletin import FIELDS
from headend.domain.charter import StationCharter, clock
from headend.domain.errors import BadInput
from headend.domain.lawful.rules import enforcing
from headend.domain.lawful.verdict import Finding
from headend.law.rulebook import Rule, Rulebook
from headend.web.asked import minute_of

GROUPS = {
    "T": "Thời gian", "C": "Nội dung", "P": "Vị trí, nguồn điện, tình trạng loa", "S": "Thông tin nguồn và giám sát",
    "X": "An toàn thông tin", "E": "Tiêu chí đánh giá", "B": "Báo cáo", "O": "Tổ chức",
}
FORCES = {"must": "bắt buộc", "warn": "cảnh báo", "report": "báo cáo"}
STATUSES = {"done": "đang áp dụng", "todo": "chưa làm", "exempt": "không áp dụng"}
CLASSES = {AreaClass.Q4: "bốn quận trung tâm cũ", AreaClass.Q: "phường", AreaClass.H: "xã, thị xã"}
UNVERIFIED = "chưa kiểm chứng"

_WEEKDAYS = ("hai", "ba", "tư", "năm", "sáu", "bảy", "chủ nhật")


def length(seconds: int) -> str:
    """15 phút; 90 giây; 1 phút 30 giây"""
    minutes, rest = divmod(seconds, 60)
    if minutes and rest:
        return f"{minutes} phút {rest} giây"
    return f"{minutes} phút" if minutes else f"{rest} giây"


def _plain(unit: str) -> Callable[[Any], str]:
    return lambda value: f"{value} {unit}"


def _weekdays(days: list[int]) -> str:
    return "thứ " + ", ".join(_WEEKDAYS[one] for one in days)


def _fields(fields: list[str]) -> str:
    return ", ".join(FIELDS[one].lower() for one in fields)


def _date(month_day: str) -> str:
    month, day = month_day.split("-")
    return f"{day}/{month}"


# Name of a number in the rule-sets → what it is called, how it is written.
NUMBERS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "max_seconds": ("mỗi buổi dài nhất", length),
    "sessions_half_day": ("mỗi buổi sáng, buổi chiều nhiều nhất", _plain("buổi phát")),
    "pause_seconds": ("khoảng lặng giữa buổi dài nhất", length),
    "weekdays": ("các ngày trong tuần", _weekdays),
    "metres": ("khoảng cách", _plain("m")),
    "quiet_from_minute": ("giờ yên tĩnh từ", clock),
    "quiet_to_minute": ("giờ yên tĩnh đến", clock),
    "music_percent": ("ca nhạc nhiều nhất", _plain("%")),
    "fields": ("lĩnh vực được phát", _fields),
    "directive_hours": ("bổ sung văn bản trong", _plain("giờ")),
    "hours": ("chạy bằng nguồn dự phòng", _plain("giờ")),
    "share_percent": ("buổi phát có tiếng ít nhất", _plain("%")),
    "days": ("tính trong", _plain("ngày gần nhất")),
    "least_clusters": ("ít nhất", _plain("cụm loa")),
    "most_clusters": ("nhiều nhất", _plain("cụm loa")),
    "most_horns": ("mỗi cụm nhiều nhất", _plain("loa")),
    "before": ("trước ngày", _date),
    "city_before": ("thành phố báo cáo trước ngày", _date),
    "ministry_before": ("Bộ báo cáo trước ngày", _date),
    "year_from": ("từ ngày", _date),
    "year_to": ("đến hết ngày", _date),
}

# The same number means different things in different rules.
TITLES = {("T-14", "metres"): "cụm loa của đơn vị khác trong vòng",
          ("P-05", "metres"): "trường học, bệnh viện… trong vòng"}
UNITS = {"pause_seconds": "giây", "metres": "m", "music_percent": "%"}  # of what a commune may set otherwise


@dataclass(frozen=True)
class Number:
    """A number of a rule as it is read: `here` where a commune's charter has set it otherwise, and why."""

    title: str
    value: str
    here: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RuleLine:
    rule: Rule
    numbers: tuple[Number, ...]
    enforced_by: tuple[str, ...]

    @property
    def classes(self) -> str:
        return ", ".join(title for one, title in CLASSES.items() if one in self.rule.classes)

    @property
    def unverified(self) -> bool:
        return not (self.rule.verified and self.rule.text.verified)


def groups(book: Rulebook, charter: StationCharter | None) -> list[tuple[str, list[RuleLine]]]:
    """The rules of a set under their headings, with the numbers as they hold under a charter."""
    functions = enforcing()
    lines = [RuleLine(one, tuple(numbers(one, charter)), tuple(functions.get(one.id, ()))) for one in
             book.rules.values()]
    return [(title, [one for one in lines if one.rule.id.startswith(letter)]) for letter, title in GROUPS.items()]


def title_of(rule: Rule, name: str) -> str:
    """What a number of a rule is called."""
    return TITLES.get((rule.id, name), NUMBERS[name][0])


def numbers(rule: Rule, charter: StationCharter | None) -> Iterable[Number]:
    """Each number of a rule, with what a charter makes of it."""
    settings = {one.name: one for one in charter.settings if one.rule == rule.id} if charter else {}
    for name, value in rule.numbers.items():
        title, write = title_of(rule, name), NUMBERS[name][1]
        ours = settings.get(name)
        if ours is None:
            yield Number(title, write(value))
        else:
            yield Number(title, write(value), write(ours.value), ours.reason)


def write_number(name: str, value: Any) -> str:
    """A number with its unit: 300 m, 21:00, 15 phút."""
    return NUMBERS[name][1](value)


def read_number(name: str, written: str, field: str) -> int:
    """What somebody wrote for a number that may be set otherwise. BadInput."""
    if name in NUMBERS and NUMBERS[name][1] is clock:
        return minute_of(written, field)
    if not re.fullmatch(r"[0-9]{1,6}", written.strip()):
        raise BadInput("Hãy ghi một số nguyên.", field)
    return int(written)


@dataclass(frozen=True)
class Settable:
    """A number that a commune may set otherwise, as its form shows it: `value` and `reason` where it has done so."""

    rule: str
    name: str
    title: str
    unit: str
    usual: str
    low: str
    high: str
    value: str
    reason: str


def settable(book: Rulebook, charter: StationCharter | None) -> Iterable[Settable]:
    """What a commune may set otherwise, and what is set now."""
    now = {(one.rule, one.name): one for one in charter.settings} if charter else {}
    for rule in book.rules.values():
        for name, (low, high) in rule.settable.items():
            title, set_ = title_of(rule, name), now.get((rule.id, name))
            yield Settable(rule.id, name, title, UNITS.get(name, ""), *(_bare(name, one) for one in
                           (rule.numbers[name], low, high)), _bare(name, set_.value) if set_ else "",
                           set_.reason if set_ else "")


def _bare(name: str, value: int) -> str:
    return clock(value) if NUMBERS[name][1] is clock else str(value)


def by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings sorted by their rule, in the order in which the law found them."""
    found: dict[str, list[Finding]] = {}
    for one in findings:
        found.setdefault(one.rule, []).append(one)
    return found
