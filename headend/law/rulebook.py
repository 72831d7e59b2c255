"""Reads texts/*.toml and rulesets/*.toml into frozen values; a quote that its article does not hold is an error."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

DEFAULT_SET = "D2021"


@dataclass(frozen=True)
class Rule:
    """One rule of a rule-set. `numbers` holds its limits, e.g. {"max_seconds": 900}."""

    id: str
    article: str  # how people cite it
    quote: str
    gist: str
    classes: frozenset[str]
    status: str
    verified: bool
    ours: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rulebook:
    """A rule-set in force: rules by id and area class."""

    id: str
    title: str
    rules: dict[str, Rule]

    def rule(self, rule_id: str, area_class: str) -> Rule | None:
        """The rule if it binds clusters of this class, else None."""
        found = self.rules.get(rule_id)
        return found if found and area_class in found.classes else None

    def max_seconds(self, area_class: str) -> tuple[Rule, int]:
        """The rule that caps a session's length for this class, and the cap in seconds."""
        for rule in self.rules.values():
            if area_class in rule.classes and "max_seconds" in rule.numbers:
                return rule, rule.numbers["max_seconds"]
        raise LookupError(f"rule-set {self.id} caps no session of class {area_class}")


_PLAIN = {"id", "text", "article", "quote", "gist", "ours", "classes", "status", "verified"}


def _read(kind: str, name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("headend.law") / kind / f"{name}.toml").read_text("utf-8"))


def _rule(raw: dict[str, Any], text: dict[str, Any]) -> Rule:
    article = text["articles"][raw["article"]]
    if not any(raw["quote"] in whole for whole in article["quotes"]):
        raise ValueError(f"{raw['id']}: article {raw['article']} does not hold the quote")
    numbers = {key: value for key, value in raw.items() if key not in _PLAIN}
    return Rule(raw["id"], article["title"], raw["quote"], raw["gist"], frozenset(raw["classes"]), raw["status"],
                raw["verified"], raw.get("ours", ""), numbers)


@cache
def load(name: str = DEFAULT_SET) -> Rulebook:
    """The rule-set `name`; raises FileNotFoundError or ValueError where the data is wrong."""
    raw = _read("rulesets", name)
    rules = [_rule(one, _read("texts", one["text"])) for one in raw["rule"]]
    return Rulebook(raw["id"], raw["title"], {rule.id: rule for rule in rules})
