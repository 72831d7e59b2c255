"""The tiers of tests: a folder each, also a marker, with the programs that must be there for it to run."""

import os
from collections import defaultdict
from typing import NoReturn

import pytest

MICROPYTHON = ("micropython", "micropython-i386")
POSTGRESQL = ("initdb", "postgres")

PROGRAMS = {
    "unit": (),  # pure functions
    "law": (),  # cases that a jurist can read
    "property": (),  # what holds for any input
    "architecture": (),  # imports, sizes, locks, documents
    "contract": ("mosquitto", *POSTGRESQL),  # each port against everything that implements it
    "twin": MICROPYTHON,  # one source, two runtimes
    "e2e": ("mosquitto", *POSTGRESQL, *MICROPYTHON),  # the whole system, real processes, also while they die
    "browser": ("chromium",),  # the pages, as a person sees them
}
TIERS = tuple(PROGRAMS)
# Sound is measured while it plays: these do not run beside the others.
REAL_TIME = ("e2e", "browser")
QUICK = ("unit", "law", "property", "architecture", "contract", "twin")


def in_ci() -> bool:
    """Whether a machine judges the result: there a tier that did not run is a failure."""
    return bool(os.environ.get("CI"))


def end_without(missing: Exception) -> NoReturn:
    """The end of a test whose program is not here: skipped with the reason, in CI failed."""
    if in_ci():
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))


def tier_of(nodeid: str) -> str:
    """The tier of a test, from its folder: "tests/unit/test_x.py::test_y"."""
    return nodeid.split("/")[1]


def account(outcomes: dict[str, list], wanted: list[str]) -> list[str]:
    """A line for each wanted tier that did not run, or not wholly, with the reasons.

    `outcomes` are pytest's reports by outcome.
    """
    reasons, ran = defaultdict(list), set()
    for outcome in ("passed", "failed", "error", "xfailed"):
        ran.update(tier_of(report.nodeid) for report in outcomes.get(outcome, []))
    for report in outcomes.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
        reasons[tier_of(report.nodeid)].append(reason.removeprefix("Skipped: "))
    lines = []
    for tier in wanted:
        why = "; ".join(sorted(set(reasons[tier])))
        if tier not in ran:
            lines.append(f"{tier}: did not run: {why or 'no test was selected'}")
        elif why:
            lines.append(f"{tier}: {len(reasons[tier])} tests did not run: {why}")
    return lines
