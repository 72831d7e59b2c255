"""Văn bản chỉ đạo: what lifts a rule for a while (T-09), and what city policy rests on (C-02)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from headend.domain.errors import BadInput, Conflict
from headend.domain.person import EVERYWHERE

MOST_WORDS = 200


@dataclass(frozen=True)
class Scan:
    """The signed paper as it was uploaded; `sha256` names the file."""

    sha256: str
    name: str
    media_type: str


@dataclass(frozen=True)
class Directive:
    """`lifts` are ids of rules, and it lifts nothing else; `communes` codes, or EVERYWHERE alone for the whole city.

    In force on the days from `from_day` to `to_day`, both in, of Hà Nội, unless `withdrawn_at`.
    """

    id: str
    issuer: str
    number: str
    dated: date
    lifts: tuple[str, ...]
    communes: tuple[str, ...]
    from_day: date
    to_day: date
    subject: str = ""
    scan: Scan | None = None
    author: str = ""
    created_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def title(self) -> str:
        """How people cite it."""
        return f"{self.number} ngày {self.dated:%d/%m/%Y} của {self.issuer}"

    def reaches(self, commune: str) -> bool:
        """Whether it speaks to this commune."""
        return commune in self.communes or EVERYWHERE in self.communes

    def in_force(self, commune: str, day: date, today: date) -> bool:
        """Whether it holds at a commune on a day; what is dated after `today`, when that is judged, does not."""
        return (self.withdrawn_at is None and self.reaches(commune) and self.from_day <= day <= self.to_day
                and self.dated <= today)

    def lifts_at(self, rule_id: str, commune: str, day: date, today: date) -> bool:
        """Whether it lifts this rule there and then."""
        return rule_id in self.lifts and self.in_force(commune, day, today)

    @property
    def complete(self) -> bool:
        """Whether it has what C-02 asks for: issuer, number (and date)."""
        return bool(self.issuer.strip() and self.number.strip())


def check(directive: Directive, liftable: Collection[str]) -> None:
    """BadInput, with the field, where a directive says nothing or more than a directive can."""
    if not directive.issuer.strip() or len(directive.issuer) > MOST_WORDS:
        raise BadInput("Hãy ghi cơ quan ban hành văn bản.", "issuer")
    if not directive.number.strip() or len(directive.number) > MOST_WORDS:
        raise BadInput("Hãy ghi số, ký hiệu của văn bản.", "number")
    if not directive.communes:
        raise BadInput("Hãy chọn ít nhất một đơn vị mà văn bản áp dụng.", "communes")
    if directive.to_day < directive.from_day:
        raise BadInput("Ngày hết hiệu lực phải từ ngày bắt đầu trở đi.", "to_day")
    strange = [one for one in directive.lifts if one not in liftable]
    if strange:
        raise BadInput(f"Văn bản không thể cho phép khác với quy tắc {strange[0]}.", "lifts")


def withdraw(directive: Directive, at: datetime) -> Directive:
    """It lifts nothing any more from now on; what was judged by it is judged again before its order is sealed."""
    if directive.withdrawn_at is not None:
        raise Conflict("Văn bản này đã thôi áp dụng.")
    return replace(directive, withdrawn_at=at)
