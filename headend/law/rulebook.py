"""Reads texts/*.toml and rulesets/*.toml into frozen values; a quote that its article does not hold is an error.

A rule-set holds the rules of common.toml, its own, and those that it `keeps` of another one (C-10: what a later
text does not change still holds).
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

DEFAULT_SET = "D2021"
SETS = ("5133", "D2021")
FORCES = ("must", "warn", "report")
STATUSES = ("done", "todo", "exempt")

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class LegalText:
    """A legal text that rules rest on. `status` says in Vietnamese whether it was adopted; `at` is its date."""

    id: str
    title: str
    issuer: str
    number: str
    at: date
    status: str
    verified: bool


@dataclass(frozen=True)
class Rule:
    """One rule of a rule-set.

    `force`: must (refuse), warn (allow once somebody confirms with a reason) or report. `numbers` holds its limits,
    e.g. {"max_seconds": 900}; those in `settable` a commune may set otherwise, with a reason, within [low, high].
    `status` done: functions enforce it (headend.domain); todo and exempt: `why` says what is missing, or why not.
    """

    id: str
    text: LegalText
    article: str  # how people cite it
    quote: str
    gist: str
    classes: frozenset[str]
    force: str
    status: str
    verified: bool
    ours: str = ""  # what the text leaves open, and was decided here
    why: str = ""
    liftable: bool = False  # a directive that names it lifts it (T-09)
    numbers: Numbers = field(default_factory=dict)
    settable: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rulebook:
    """A rule-set: rules by id."""

    id: str
    title: str
    status: str
    in_force_from: date
    rules: Mapping[str, Rule]

    def rule(self, rule_id: str, area_class: str) -> Rule | None:
        """The rule if it binds clusters of this class, else None."""
        found = self.rules.get(rule_id)
        return found if found and area_class in found.classes else None

    def caps(self, area_class: str) -> Iterator[tuple[Rule, int]]:
        """The rules that cap a session's length for this class, each with its cap in seconds."""
        for one in self.rules.values():
            if area_class in one.classes and "max_seconds" in one.numbers:
                yield one, one.numbers["max_seconds"]


_PLAIN = {"id", "text", "article", "quote", "gist", "ours", "why", "classes", "force", "status", "verified", "liftable",
          "settable"}


def _read(kind: str, name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("headend.law") / kind / f"{name}.toml").read_text("utf-8"))


@cache
def _text(name: str) -> tuple[LegalText, dict[str, Any]]:
    raw = _read("texts", name)
    return LegalText(raw["id"], raw["title"], raw["issuer"], raw["number"], raw["date"], raw["status"],
                     raw["verified"]), raw["articles"]


def _rule(raw: dict[str, Any]) -> Rule:
    text, articles = _text(raw["text"])
    article = articles[raw["article"]]
    _check(raw, article)
    numbers = {key: value for key, value in raw.items() if key not in _PLAIN}
    settable = {name: (low, high) for name, (low, high) in raw.get("settable", {}).items()}
    return Rule(raw["id"], text, article["title"], raw["quote"], raw["gist"], frozenset(raw["classes"]), raw["force"],
                raw["status"], raw["verified"], raw.get("ours", ""), raw.get("why", ""), raw.get("liftable", False),
                MappingProxyType(numbers), MappingProxyType(settable))


def _check(raw: dict[str, Any], article: dict[str, Any]) -> None:
    """ValueError where a rule's data contradict themselves."""
    if not any(raw["quote"] in whole for whole in article["quotes"]):
        raise ValueError(f"{raw['id']}: article {raw['article']} does not hold the quote")
    if raw["force"] not in FORCES or raw["status"] not in STATUSES:
        raise ValueError(f"{raw['id']}: unknown force or status")
    if raw["status"] != "done" and not raw.get("why"):
        raise ValueError(f"{raw['id']}: says not why it is {raw['status']}")
    for name, (low, high) in raw.get("settable", {}).items():
        if not low <= raw[name] <= high:
            raise ValueError(f"{raw['id']}: {name} is outside of what may be set")


@cache
def load(name: str = DEFAULT_SET) -> Rulebook:
    """The rule-set `name`; raises FileNotFoundError or ValueError where the data is wrong."""
    raw, common = _read("rulesets", name), _read("rulesets", "common")
    rules = [_rule(one) for one in raw["rule"] + common["rule"]]
    for other, kept in raw.get("keeps", {}).items():
        rules += [load(other).rules[one] for one in kept]
    if len({one.id for one in rules}) < len(rules):
        raise ValueError(f"rule-set {name} holds a rule twice")
    in_order = sorted(rules, key=lambda one: ("TCPSXEBO".index(one.id[0]), one.id))
    return Rulebook(raw["id"], raw["title"], raw["status"], raw["in_force_from"],
                    MappingProxyType({one.id: one for one in in_order}))


@dataclass(frozen=True)
class Proofs:
    """How many cases and tests prove a rule, and how many of them passed when they were last run."""

    cases: int
    tests: int
    passed: int


@cache
def proofs() -> Mapping[str, Proofs]:
    """Rule id → its proofs; written together with docs/law-matrix.md, and held to it by a test."""
    raw = json.loads((resources.files("headend.law") / "proofs.json").read_text("utf-8"))
    return MappingProxyType({rule_id: Proofs(**one) for rule_id, one in raw.items()})


def load_all() -> dict[str, Rulebook]:
    """Every rule-set by its id."""
    return {name: load(name) for name in SETS}
