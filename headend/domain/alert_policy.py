"""When a warning may sound without a person: only where the commune's policy says so, and never unsigned."""

from dataclasses import dataclass
from datetime import datetime

from headend.domain.alert import Becomes, Certainty, Info, Received, Severity, Urgency, becomes, spoken_infos
from headend.domain.alert_reach import Reach


@dataclass(frozen=True)
class Policy:
    """What may sound by itself: signed by one of `senders`, and as grave as this. The default lets nothing."""

    senders: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset({Severity.EXTREME})
    urgencies: frozenset[Urgency] = frozenset({Urgency.IMMEDIATE})
    certainties: frozenset[Certainty] = frozenset({Certainty.OBSERVED, Certainty.LIKELY})

    def covers(self, info: Info) -> bool:
        return (info.severity in self.severities and info.urgency in self.urgencies
                and info.certainty in self.certainties)


NOBODY = Policy()

_NOT_BY_ITSELF = {
    Becomes.DRILL: "Diễn tập phải do người có thẩm quyền bắt đầu.",
    Becomes.ALL_CLEAR: "Hủy cảnh báo phải có người xác nhận.",
}


def why_a_person(received: Received, policy: Policy, where: Reach, now: datetime) -> tuple[str, ...]:
    """Why a prepared emergency waits for a person: Vietnamese sentences; none where it may sound by itself.

    Whatever the policy says: an unsigned message waits, and so does one that does not say where, or not in Vietnamese.
    """
    alert, signer = received.alert, received.signer
    kind, idle = becomes(alert, now)
    if kind is not Becomes.EMERGENCY:
        return (idle or _NOT_BY_ITSELF[kind],)
    infos = spoken_infos(alert, now)
    found = {
        "Tin không có chữ ký.": signer is None,
        f"Chính sách không cho {alert.sender} phát tự động.":
            signer is not None and (signer.sender not in policy.senders or alert.sender != signer.sender),
        "Mức độ, tính khẩn cấp hoặc độ chắc chắn chưa đến ngưỡng phát tự động.": not all(map(policy.covers, infos)),
        "Tin không có nội dung tiếng Việt.": not all(one.vietnamese for one in infos),
        "Chưa xác định được hết địa bàn của tin.": bool(where.unplaced) or not where.clusters,
    }
    return tuple(reason for reason, holds in found.items() if holds)
