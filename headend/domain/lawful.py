"""May this session go on air? One function per rule, each wearing the rule's id; every refusal cites its clause.

The same functions judge when a session is planned, when it is approved and when its order is sealed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headend.domain.areas import Cluster
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.times import from_ms, hanoi, to_ms
from headend.law.rulebook import Rule, Rulebook
from protocol import civil
from protocol.urgency import EMERGENCY

SEARCH_DAYS = 21  # how far ahead the next lawful slot is looked for
MOST_SLOTS = 3


@dataclass(frozen=True)
class OnAir:
    """Air that another session takes or took at a cluster."""

    session: str
    cluster: str
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True)
class Proposal:
    """What is asked. `bulletins` are judged only where `approval_due` (not while a session is merely planned)."""

    session: str
    start_at: datetime
    duration_ms: int
    urgency: int
    clusters: tuple[Cluster, ...]
    bulletins: tuple[Bulletin, ...] = ()
    approval_due: bool = False

    @property
    def end_at(self) -> datetime:
        return self.start_at + timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True)
class Refusal:
    """Why not: rule id, clause with quote, a Vietnamese sentence, and the number against the allowed one."""

    rule: str
    article: str
    quote: str
    message: str
    limit: int | None = None
    actual: int | None = None
    cluster: str | None = None
    item: str | None = None


@dataclass(frozen=True)
class Verdict:
    refusals: tuple[Refusal, ...] = ()
    next_slots: tuple[datetime, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.refusals


class Unlawful(Exception):
    """A session was refused; the verdict says why and when it would be lawful (HTTP 409)."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("; ".join(one.message for one in verdict.refusals))
        self.verdict = verdict


Check = Callable[[Rulebook, Proposal, Sequence[OnAir]], Iterator[Refusal]]
RULES: dict[str, Check] = {}


def rule(*ids: str) -> Callable[[Check], Check]:
    """Registers the function that enforces these rules."""

    def register(check: Check) -> Check:
        for rule_id in ids:
            RULES[rule_id] = check
        return check

    return register


def _refuse(found: Rule, message: str, **numbers: object) -> Refusal:
    return Refusal(found.id, found.article, found.quote, message, **numbers)  # type: ignore[arg-type]


def _bound(book: Rulebook, proposal: Proposal, rule_id: str) -> Iterator[tuple[Rule, Cluster]]:
    for cluster in proposal.clusters:
        found = book.rule(rule_id, cluster.area_class)
        if found:
            yield found, cluster


@rule("T-03")
def two_sessions_a_day(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> Iterator[Refusal]:
    """One session in each half-day, wholly inside it ("Tối đa hai buổi sáng - chiều/ngày")."""
    here = _slot(proposal.start_at)
    inside = here[1] is not None and _slot(proposal.end_at - timedelta(milliseconds=1)) == here
    for found, cluster in _bound(book, proposal, "T-03"):
        if not inside:
            yield _refuse(found, "Buổi phát phải nằm trọn trong buổi sáng (05:00–12:00) hoặc buổi chiều (12:00–21:00).",
                          cluster=cluster.id)
            return
        taken = {one.session for one in air
                 if one.cluster == cluster.id and one.session != proposal.session and _slot(one.start_at) == here}
        limit = found.numbers["sessions_half_day"]
        if len(taken) >= limit:
            half = "sáng" if here[1] == civil.MORNING else "chiều"
            yield _refuse(found, f"{cluster.name} đã có {len(taken)} buổi phát {half} ngày "
                          f"{hanoi(proposal.start_at):%d/%m/%Y}; mỗi buổi {half} chỉ được {limit}.",
                          limit=limit, actual=len(taken) + 1, cluster=cluster.id)


@rule("T-04")
def working_days(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> Iterator[Refusal]:
    """Monday to Friday ("thứ bảy, chủ nhật chỉ phát khi có trường hợp đặc biệt")."""
    weekday = civil.weekday(to_ms(proposal.start_at))
    for found, cluster in _bound(book, proposal, "T-04"):
        if weekday not in found.numbers["weekdays"]:
            day = "thứ bảy" if weekday == 5 else "chủ nhật"
            yield _refuse(found, f"Ngày {hanoi(proposal.start_at):%d/%m/%Y} là {day}, "
                          "chỉ được phát khi có văn bản chỉ đạo cho trường hợp đặc biệt.", cluster=cluster.id)
            return


@rule("T-05", "T-07")
def length_of_session(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> Iterator[Refusal]:
    """15 minutes in wards, 45 in communes: wall-clock time on air, chimes and silences counted."""
    seconds = -(-proposal.duration_ms // 1000)
    for cluster in proposal.clusters:
        found, limit = book.max_seconds(cluster.area_class)
        if proposal.duration_ms > limit * 1000:
            yield _refuse(found, f"Buổi phát dài {_clock(seconds)}, vượt mức {limit // 60} phút cho {cluster.name}.",
                          limit=limit, actual=seconds, cluster=cluster.id)


@rule("C-06")
def approved_by_another(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> Iterator[Refusal]:
    """Every recording is approved, by somebody else than its author, and has not changed since."""
    if not proposal.approval_due or not proposal.clusters:
        return
    found = book.rule("C-06", proposal.clusters[0].area_class)
    for bulletin in proposal.bulletins if found else ():
        message = _approval_fault(bulletin)
        if message:
            yield _refuse(found, message, item=bulletin.id)  # type: ignore[arg-type]


def _approval_fault(bulletin: Bulletin) -> str | None:
    if bulletin.state is not BulletinState.APPROVED or not bulletin.approver:
        return f"Bản tin “{bulletin.title}” chưa được duyệt."
    if bulletin.approver == bulletin.author:
        return f"Bản tin “{bulletin.title}” do chính tác giả duyệt; phải có người khác duyệt."
    if bulletin.approved_sha256 != bulletin.sha256:
        return f"Bản tin “{bulletin.title}” đã thay tiếng sau khi duyệt; phải duyệt lại."
    return None


def approver_refusal(book: Rulebook, bulletin: Bulletin, approver: str) -> Refusal | None:
    """C-06 at the moment of the press: the author may not approve their own bulletin."""
    if approver != bulletin.author:
        return None
    return _refuse(book.rules["C-06"], "Bạn là tác giả của bản tin này; phải có người khác duyệt.", item=bulletin.id)


def judge(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> Verdict:
    """All refusals of a proposal, and where time is what is wrong, the nearest lawful slots.

    `air` must hold the other sessions at the proposal's clusters from its day on for SEARCH_DAYS.
    An emergency plays at once, whatever the caps (T-13).
    """
    if proposal.urgency == EMERGENCY:
        return Verdict()
    refusals = tuple(_all(book, proposal, air))
    if not refusals:
        return Verdict()
    return Verdict(refusals, _next_slots(book, proposal, air))


def _all(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> Iterator[Refusal]:
    for check in dict.fromkeys(RULES.values()):
        yield from check(book, proposal, air)


def _next_slots(book: Rulebook, proposal: Proposal, air: Sequence[OnAir]) -> tuple[datetime, ...]:
    """Up to three starts after the asked one that break no rule; none if the length or an approval is what is wrong."""
    timeless = replace(proposal, approval_due=False)
    found: list[datetime] = []
    for start_at in _candidates(proposal):
        if start_at > proposal.start_at and not any(_all(book, replace(timeless, start_at=start_at), air)):
            found.append(start_at)
            if len(found) == MOST_SLOTS:
                break
    return tuple(found)


def _candidates(proposal: Proposal) -> Iterator[datetime]:
    """For each half-day ahead: the asked time of day if it fits in there, else the half-day's usual hour."""
    start_ms = to_ms(proposal.start_at)
    first, minute = civil.day_number(start_ms), civil.minute_of_day(start_ms)
    for day in range(first, first + SEARCH_DAYS):
        for name, begin, end in civil.HALF_DAYS:
            usual = 6 * 60 if name == civil.MORNING else 17 * 60
            wanted = minute if begin <= minute < end else usual
            latest = end - -(-proposal.duration_ms // civil.MINUTE_MS)
            yield from_ms(civil.instant_ms(day, max(begin, min(wanted, latest))))


def _slot(at: datetime) -> tuple[int, str | None]:
    ms = to_ms(at)
    return civil.day_number(ms), civil.half_day(ms)


def _clock(seconds: int) -> str:
    return f"{seconds // 60} phút {seconds % 60:02d} giây" if seconds >= 60 else f"{seconds} giây"
