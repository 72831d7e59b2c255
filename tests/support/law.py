"""Cases of the law as a jurist writes them, and small sessions for tests that draw their own."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from headend.adapters import plan_file
from headend.domain.areas import AreaClass, Cluster
from headend.domain.lawful import Air, Case, Finding, Item, Kind, Law, OnAir, Proposal, Verdict, judge, with_slots
from headend.domain.lawful.day import judge_all
from headend.domain.times import HANOI, hanoi
from headend.law import rulebook
from protocol.urgency import NORMAL
from tests.support.project import ROOT

CASES = ROOT / "tests" / "law" / "cases"
WRONG = "sai-tep"  # files that are no plan
MONDAY = datetime(2026, 3, 2, tzinfo=HANOI)
WARD = Cluster("k1", "00070", "Cụm phường", AreaClass.Q, 21.03, 105.85)
RURAL = Cluster("k2", "00577", "Cụm xã", AreaClass.H, 20.98, 105.9)
LAW = Law(rulebook.load_all())


@dataclass(frozen=True)
class Story:
    """A case: `expect` holds for each session the findings that must be, as [rule, cluster, item, limit, actual]."""

    path: Path
    name: str
    raw: str
    expect: dict[str, Any]

    @property
    def rules(self) -> set[str]:
        """The rules that are broken in it, or kept on purpose (`"rules"`)."""
        found = {one[0] for session in self.expect.values() for kind in ("refusals", "warnings")
                 for one in session.get(kind, [])}
        return found | set(json.loads(self.raw).get("rules", []))


def stories() -> list[Story]:
    """Every case that is a plan, in the order of their files."""
    found = []
    for path in sorted(CASES.rglob("*.json")):
        raw = path.read_text("utf-8")
        told = json.loads(raw)
        if path.parent.name != WRONG:
            found.append(Story(path, told["name"], raw, told["expect"]))
    return found


def judged(raw: str) -> dict[str, Verdict]:
    """Session id → verdict of a plan."""
    plan = plan_file.read(raw)
    return {proposal.session: verdict for proposal, verdict in judge_all(plan.law, plan.proposals, plan.at)}


def faults(story: Story) -> list[str]:
    """What the law says otherwise than the jurist; empty when they agree."""
    verdicts = judged(story.raw)
    found = [] if set(verdicts) == set(story.expect) else [f"sessions {sorted(verdicts)} are judged"]
    for session, expected in story.expect.items():
        verdict = verdicts[session]
        found += _differences(session, "refusals", expected, verdict.refusals)
        found += _differences(session, "warnings", expected, verdict.warnings)
        slots = [hanoi(one).isoformat() for one in verdict.next_slots]
        if "next_slots" in expected and slots != [_on_hanoi_clock(one) for one in expected["next_slots"]]:
            found.append(f"{session}: next slots are {slots}")
    return found


def _on_hanoi_clock(instant: str) -> str:
    return hanoi(datetime.fromisoformat(instant)).isoformat()


def _differences(session: str, kind: str, expected: dict[str, Any], findings: tuple[Finding, ...]) -> list[str]:
    """A number that the jurist leaves null is not looked at."""
    wanted = [tuple(one) for one in expected.get(kind, [])]
    got = [(one.rule, one.cluster, one.item, one.limit, one.actual) for one in findings]
    for one in list(wanted):
        match = next((other for other in got if _agrees(one, other)), None)
        if match is not None:
            wanted.remove(one)
            got.remove(match)
    return [f"{session}: {kind} lack {one}" for one in wanted] + [f"{session}: {kind} hold {one}" for one in got]


def _agrees(wanted: tuple, got: tuple) -> bool:
    numbers = zip(wanted[3:], got[3:], strict=False)
    return wanted[:3] == got[:3] and all(one is None or one == other for one, other in numbers)


def item(seconds: float = 60, kind: Kind = Kind.SPEECH, **more) -> Item:
    """An approved local bulletin."""
    values = {"id": "i1", "field": "local_news", "author": "an", "approver": "binh", "sha256": "aa",
              "approved_sha256": "aa", **more}
    return Item(kind=kind, duration_ms=round(seconds * 1000), **values)


def proposal(day: int = 0, clock: str = "06:30", seconds: float = 600, clusters=(WARD,), **more) -> Proposal:
    """A session some days after a Monday."""
    hour, minute = map(int, clock.split(":"))
    start = MONDAY + timedelta(days=day, hours=hour, minutes=minute)
    values = {"urgency": NORMAL, "items": (item(seconds),), "approval_due": True, **more}
    return Proposal("new", start, round(seconds * 1000), clusters=tuple(clusters), **values)


def verdict(asked: Proposal, air: list[OnAir] | tuple = (), law: Law = LAW, at: datetime | None = None) -> Verdict:
    """The law's word, with slots; `at` is the evening before the Monday."""
    case = Case(law, asked, at or MONDAY - timedelta(hours=3), Air(air))
    return with_slots(judge(case), case, Air(air))


def on_air(day: int = 0, clock: str = "08:00", clusters=(WARD,), session: str = "other") -> OnAir:
    """Air that another session takes."""
    other = proposal(day, clock, clusters=clusters)
    return OnAir(session, frozenset(one.id for one in clusters), other.start_at, other.end_at)
