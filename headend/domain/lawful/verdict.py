"""What the law answers: refusals and warnings that cite their clause, and the nearest lawful slots."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headend.law.rulebook import Rule


@dataclass(frozen=True)
class Finding:
    """A refusal or a warning: rule id, clause with quote, a Vietnamese sentence, the number against the allowed one.

    `limit` and `actual` are in the unit of the rule: seconds (lengths, pauses), sessions a half-day (T-03), weekdays
    (T-04: 5 against 6 or 7), minutes of the local day (hours: T-03 over noon, T-08, T-15), percent (C-08), metres
    (T-14), days past the event (C-03). Not every rule has numbers.
    """

    rule: str
    article: str
    quote: str
    message: str
    limit: int | None = None
    actual: int | None = None
    cluster: str | None = None
    item: str | None = None


def finding(rule: Rule, message: str, *, limit: int | None = None, actual: int | None = None,
            cluster: str | None = None, item: str | None = None) -> Finding:
    """A finding that cites this rule."""
    return Finding(rule.id, rule.article, rule.quote, message, limit, actual, cluster, item)


@dataclass(frozen=True)
class Verdict:
    """`lawful_clusters`: where the session would be lawful as it stands, if only some of its clusters are."""

    refusals: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    next_slots: tuple[datetime, ...] = ()
    lawful_clusters: tuple[str, ...] = field(default=())

    @property
    def allowed(self) -> bool:
        return not self.refusals

    def unconfirmed(self, confirmed: Collection[str]) -> tuple[Finding, ...]:
        """The warnings whose rule nobody has confirmed with a reason yet."""
        return tuple(one for one in self.warnings if one.rule not in confirmed)


class Unlawful(Exception):
    """A session was refused; the verdict says why and when it would be lawful (HTTP 409)."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("; ".join(one.message for one in verdict.refusals + verdict.warnings))
        self.verdict = verdict


class Unconfirmed(Unlawful):
    """A session is lawful, but somebody has to confirm its warnings with a reason first (HTTP 409).

    `given` are the reasons that were there (rule id → why), while others are missing.
    """

    def __init__(self, verdict: Verdict, given: Mapping[str, str]) -> None:
        super().__init__(verdict)
        self.given = given
