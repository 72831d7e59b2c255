"""The register of the rules: one function a rule, wearing its id."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from headend.domain.lawful.proposal import Case
from headend.domain.lawful.verdict import Finding

Check = Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True)
class Enforced:
    """A function and the rules it enforces.

    `emergency`: binds emergencies too (T-13 frees them of all others). `mended_by`: "day", "half_day" or "hour", where
    another one can be lawful. `warns`: what it finds is a warning.
    """

    ids: tuple[str, ...]
    check: Check
    emergency: bool = False
    mended_by: str = ""
    warns: bool = False


CHECKS: list[Enforced] = []

# What keeps a rule in another way than by checking a proposal.
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "T-03": ("protocol.airtime.refusal",),
    "T-05": ("protocol.airtime.refusal",),
    "T-07": ("protocol.airtime.refusal",),
    "T-02": ("protocol.airtime.refusal",),
    "T-15": ("protocol.airtime.refusal",),
    "P-04": ("protocol.airtime.refusal",),
    "T-09": ("headend.domain.directive.Directive.lifts_at", "headend.domain.lawful.proposal.Case.bound"),
    "T-13": ("headend.domain.lawful.judge.judge", "protocol.airtime.refusal"),
    "C-10": ("headend.law.rulebook.load",),
    "P-09": ("protocol.seal.verify", "firmware.app.orders.Orders.take"),
    "O-06": ("headend.domain.charter.check",),
    "P-05": ("headend.domain.siting.near_sensitive",),
    "B-01": ("headend.domain.reporting.report_year",),
    "B-02": ("headend.domain.reporting.report_year",),
    "B-03": ("headend.domain.reporting.report_year",),
}


def rule(*ids: str, **how: bool | str) -> Callable[[Check], Check]:
    """Registers the function that checks these rules; `how` as in Enforced."""

    def register(check: Check) -> Check:
        CHECKS.append(Enforced(ids, check, **how))  # type: ignore[arg-type]
        return check

    return register


def enforcing() -> dict[str, list[str]]:
    """Rule id → dotted names of the functions that enforce it, for the law matrix."""
    found: dict[str, list[str]] = {}
    for one in CHECKS:
        for rule_id in one.ids:
            found.setdefault(rule_id, []).append(f"{one.check.__module__}.{one.check.__qualname__}")
    for rule_id, functions in ELSEWHERE.items():
        found.setdefault(rule_id, []).extend(functions)
    return found
