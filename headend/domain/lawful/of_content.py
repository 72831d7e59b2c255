"""The rules of content: what may be told, on whose word, and how much of it may be music."""

from collections.abc import Iterator

from headend.domain.lawful.proposal import BETWEEN, RECORDED, TOLD, Case, Ground, Item, Kind
from headend.domain.lawful.rules import rule
from headend.domain.lawful.verdict import Finding, finding
from headend.law.rulebook import Rule, Rulebook

CITY_POLICY, NOTICE = "city_policy", "notice"


def _each(case: Case, rule_id: str, kinds: tuple[Kind, ...]) -> Iterator[tuple[Rule, Ground, Item]]:
    for item in case.proposal.items:
        if item.kind in kinds:
            for found, ground in case.bound(rule_id, item):
                yield found, ground, item


def _per_cluster(found: Rule, ground: Ground, item: Item, message: str, **numbers: int) -> Iterator[Finding]:
    for cluster in ground.clusters:
        yield finding(found, message, cluster=cluster.id, item=item.id, **numbers)


def _named(item: Item) -> str:
    return f"Bản tin “{item.title or item.id}”"


@rule("C-01")
def concerns_the_residents(case: Case) -> Iterator[Finding]:
    """Wards: "ĐTT phường chỉ phát thông tin có liên quan đến dân cư trên địa bàn": four fields, no other."""
    for found, ground, item in _each(case, "C-01", TOLD):
        if item.field not in found.numbers["fields"]:
            yield from _per_cluster(found, ground, item, f"{_named(item)} thuộc lĩnh vực mà đài phường không được "
                                    "phát; chỉ phát tin địa phương, chủ trương của Thành phố, thông báo có thời hạn và "
                                    "tin khẩn cấp.")


@rule("C-02")
def policy_needs_a_document(case: Case) -> Iterator[Finding]:
    """Wards: "Thông tin các chủ trương của Thành phố (khi có văn bản chỉ đạo)": issuer, number, date."""
    for found, ground, item in _each(case, "C-02", TOLD):
        documents = [one for one in case.cited(item)
                     if one.complete and one.in_force(ground.commune, case.day, case.today)]
        if item.field == CITY_POLICY and not documents:
            yield from _per_cluster(found, ground, item, f"{_named(item)} nói về chủ trương của Thành phố, chỉ được "
                                    "phát khi có văn bản chỉ đạo còn hiệu lực (số, ngày, cơ quan ban hành).")


@rule("C-03")
def notice_expires(case: Case) -> Iterator[Finding]:
    """Wards: a time-bound notice carries its event's day ("có mốc thời gian thực hiện"), and is not told after it."""
    for found, ground, item in _each(case, "C-03", TOLD):
        if item.field != NOTICE:
            continue
        if item.event_day is None:
            yield from _per_cluster(found, ground, item, f"{_named(item)} là thông báo có thời hạn, phải ghi ngày "
                                    "diễn ra.")
        elif case.day > item.event_day:
            late = (case.day - item.event_day).days
            yield from _per_cluster(found, ground, item, f"{_named(item)} thông báo việc ngày "
                                    f"{item.event_day:%d/%m/%Y}, đã qua {late} ngày.", limit=0, actual=late)


@rule("C-04", "C-05")
def relay_where_it_is_allowed(case: Case) -> Iterator[Finding]:
    """Wards relay no higher station unless directed (C-05); communes may (C-04), so nothing binds them here."""
    for found, ground, item in _each(case, "C-05", (Kind.RELAY,)):
        yield from _per_cluster(found, ground, item, "Đài phường không tiếp sóng đài cấp trên, trừ khi có văn bản "
                                "chỉ đạo cho tiếp sóng.")


@rule("C-06")
def approved_by_another(case: Case) -> Iterator[Finding]:
    """Every recording is approved, by somebody else than its author, and has not changed since."""
    grounds = [found for found, _ in case.bound("C-06")]
    if not case.proposal.approval_due or not grounds:
        return
    for item in case.proposal.items:
        message = _approval_fault(item) if item.kind in RECORDED else None
        if message:
            yield finding(grounds[0], message, item=item.id)


def _approval_fault(item: Item) -> str | None:
    if not item.approved or not item.approver:
        return f"{_named(item)} chưa được duyệt."
    if item.approver == item.author:
        return f"{_named(item)} do chính tác giả duyệt; phải có người khác duyệt."
    if not item.sha256 or item.approved_sha256 != item.sha256:
        return f"{_named(item)} đã thay tiếng sau khi duyệt; phải duyệt lại."
    return None


def approver_refusal(book: Rulebook, bulletin: str, author: str, approver: str) -> Finding | None:
    """C-06 at the moment of the press: the author may not approve their own bulletin."""
    if approver != author:
        return None
    return finding(book.rules["C-06"], "Bạn là tác giả của bản tin này; phải có người khác duyệt.", item=bulletin)


@rule("C-08")
def no_pure_music(case: Case) -> Iterator[Finding]:
    """"Không phát chương trình ca nhạc thuần túy": refused; much music between the words warns."""
    percent, pure = _music(case)
    for found, ground in case.bound("C-08"):
        if pure:
            yield finding(found, "Buổi phát chỉ có ca nhạc; ca nhạc chỉ được lồng ghép trong nội dung tuyên truyền.",
                          limit=ground.numbers(found)["music_percent"], actual=percent)
            return


@rule("C-08", warns=True)
def much_music(case: Case) -> Iterator[Finding]:
    """The warning of C-08: over 30 % of the session is music (ours)."""
    percent, pure = _music(case)
    for found, ground in case.bound("C-08"):
        limit = ground.numbers(found)["music_percent"]
        if percent > limit and not pure:
            yield finding(found, f"Ca nhạc chiếm {percent} % buổi phát, nhiều hơn mức {limit} % thường dùng.",
                          limit=limit, actual=percent)
            return


def _music(case: Case) -> tuple[int, bool]:
    """Percent of the session's length that is music, begun percents counted; and whether nothing else is told."""
    items = case.proposal.items
    music = sum(one.duration_ms for one in items if one.kind is Kind.MUSIC)
    kinds = {one.kind for one in items} - set(BETWEEN)
    return -(-music * 100 // max(1, case.proposal.duration_ms)), kinds == {Kind.MUSIC}
