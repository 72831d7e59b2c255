"""The rules of place: what is set aside stays silent, neighbours do not talk across each other."""

from collections.abc import Iterator

from headend.domain.lawful.proposal import Case, Near
from headend.domain.lawful.rules import rule
from headend.domain.lawful.verdict import Finding, finding


@rule("P-04", emergency=True)
def set_aside_is_silent(case: Case) -> Iterator[Finding]:
    """"được giữ nguyên trạng và tạm dừng phát thanh": not even emergencies, until somebody re-activates the cluster."""
    for found, ground in case.bound("P-04"):
        for cluster in ground.clusters:
            if cluster.suspended:
                yield finding(found, f"{cluster.name} đang tạm dừng phát thanh.", cluster=cluster.id)


@rule("T-14", warns=True)
def overlapping_neighbours(case: Case) -> Iterator[Finding]:
    """The warning T-14: within earshot of another commune's cluster that says something else at the same time.

    One for each of our clusters: of several neighbours the nearest is told.
    """
    nearest: dict[str, Near] = {}
    for one in sorted(case.near, key=lambda one: one.metres):
        if one.content != case.proposal.content:
            nearest.setdefault(one.cluster, one)
    for found, ground in case.bound("T-14") if nearest else ():
        limit = ground.numbers(found)["metres"]
        ours = {one.id: one for one in ground.clusters}
        for one in nearest.values():
            if one.cluster in ours and one.metres <= limit:
                yield finding(found, f"{ours[one.cluster].name} cách {one.other} {one.metres} m; hai nơi phát nội dung "
                              "khác nhau cùng lúc thì chồng lấn. Hãy thống nhất giờ với đơn vị bên cạnh.", limit=limit,
                              actual=one.metres, cluster=one.cluster)
