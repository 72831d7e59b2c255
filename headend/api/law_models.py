"""What goes in and out of the API about the law of a place: directives, charters, rule-sets, clusters set aside."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from headend.api.models import In, Instant, Name, Out, Reasoned
from headend.domain.charter import Regime, Setting, Slot, StationCharter, clock
from headend.domain.directive import MOST_WORDS, Directive
from headend.domain.errors import BadInput
from headend.domain.lawful.of_time import HALVES
from headend.services.directives import Told
from headend.services.places import LocalLaw
from headend.web.asked import EARLIEST, LATEST, minute_of

NearDay = Annotated[date, Field(ge=EARLIEST.date(), lt=LATEST.date())]
Words = Annotated[str, Field(max_length=MOST_WORDS)]
Codes = Annotated[list[Name], Field(max_length=200)]


class DirectiveIn(In):
    """`lifts` are ids of rules; `communes` codes or "all", without them the person's own. Both days are in."""

    issuer: Words
    number: Words
    dated: NearDay
    lifts: Annotated[list[Name], Field(max_length=100)] = []
    communes: Codes = []
    from_day: NearDay
    to_day: NearDay
    subject: Words = ""

    def told(self, unit: str) -> Told:
        return Told(self.issuer, self.number, self.dated, self.lifts, self.communes or [unit], self.from_day,
                    self.to_day, self.subject)


class ScanOut(Out):
    sha256: str
    name: str
    media_type: str


class DirectiveOut(Out):
    id: str
    title: str
    issuer: str
    number: str
    dated: date
    lifts: list[str]
    communes: list[str]
    from_day: date
    to_day: date
    subject: str
    scan: ScanOut | None
    author: str
    created_at: Instant | None
    withdrawn_at: Instant | None

    @classmethod
    def of(cls, directive: Directive) -> "DirectiveOut":
        return cls.model_validate(directive)


def _half_day(name: str) -> str:
    if name not in HALVES:
        raise ValueError("morning or afternoon")
    return name


def _clock(written: str) -> str:
    try:
        minute_of(written, "slots")
    except BadInput:
        raise ValueError("HH:MM") from None
    return written


class SlotIn(In):
    """Hours as "06:30"; `max_seconds` left out keeps the cap of the law."""

    half_day: Annotated[str, AfterValidator(_half_day)]
    start: Annotated[str, Field(alias="from", max_length=8), AfterValidator(_clock)]
    end: Annotated[str, Field(alias="to", max_length=8), AfterValidator(_clock)]
    max_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None

    def slot(self) -> Slot:
        return Slot(self.half_day, minute_of(self.start, "slots"), minute_of(self.end, "slots"), self.max_seconds)


class SettingIn(In):
    """A number that the law leaves open, set otherwise; in the unit of the rule."""

    rule: Name
    name: Name
    value: Annotated[int, Field(ge=0, le=1_000_000)]
    reason: Reasoned


class CharterIn(In):
    from_day: NearDay
    slots: Annotated[list[SlotIn], Field(max_length=16)] = []
    settings: Annotated[list[SettingIn], Field(max_length=32)] = []
    number: Words = ""

    def parts(self) -> tuple[tuple[Slot, ...], tuple[Setting, ...]]:
        return (tuple(one.slot() for one in self.slots),
                tuple(Setting(one.rule, one.name, one.value, one.reason) for one in self.settings))


class SlotOut(Out):
    half_day: str
    start: Annotated[str, Field(serialization_alias="from")]
    end: Annotated[str, Field(serialization_alias="to")]
    max_seconds: int | None

    @classmethod
    def of(cls, slot: Slot) -> "SlotOut":
        return cls(half_day=slot.half_day, start=clock(slot.from_minute), end=clock(slot.to_minute),
                   max_seconds=slot.max_seconds)


class SettingOut(Out):
    rule: str
    name: str
    value: int
    reason: str


class CharterOut(Out):
    commune: str
    from_day: date
    slots: list[SlotOut]
    settings: list[SettingOut]
    number: str
    author: str

    @classmethod
    def of(cls, charter: StationCharter) -> "CharterOut":
        return cls(**{**vars(charter), "slots": [SlotOut.of(one) for one in charter.slots],
                      "settings": [SettingOut.model_validate(one) for one in charter.settings]})


class RegimeIn(In):
    from_day: NearDay
    rule_set: Name
    reason: Reasoned


class RegimeOut(Out):
    commune: str
    from_day: date
    rule_set: str
    reason: str
    author: str

    @classmethod
    def of(cls, regime: Regime) -> "RegimeOut":
        return cls.model_validate(regime)


class LocalLawOut(Out):
    """What binds a commune today, and what did and will, the last first. `classes`: those of its clusters."""

    commune: str
    name: str
    rule_set: str
    classes: list[str]
    charter: CharterOut | None
    charters: list[CharterOut]
    regimes: list[RegimeOut]

    @classmethod
    def of(cls, law: LocalLaw) -> "LocalLawOut":
        return cls(commune=law.commune.code, name=law.commune.name, rule_set=law.book.id, classes=list(law.classes),
                   charter=CharterOut.of(law.charter) if law.charter else None,
                   charters=[CharterOut.of(one) for one in law.charters],
                   regimes=[RegimeOut.of(one) for one in law.regimes])
