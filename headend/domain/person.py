"""People, and the one function that decides what they may see and do."""

from dataclasses import dataclass
from enum import StrEnum

from headend.domain.errors import NotAllowed

EVERYWHERE = "all"


class Role(StrEnum):
    """Vai trò; `title` is how pages name it."""

    BROADCASTER = "broadcaster"
    APPROVER = "approver"
    STAFF = "staff"
    TECHNICIAN = "technician"
    EVALUATOR = "evaluator"
    ADMINISTRATOR = "administrator"

    @property
    def title(self) -> str:
        return TITLES[self]


TITLES = {
    Role.BROADCASTER: "Phát thanh viên",
    Role.APPROVER: "Người duyệt",
    Role.STAFF: "Cán bộ thành phố",
    Role.TECHNICIAN: "Kỹ thuật viên",
    Role.EVALUATOR: "Người đánh giá",
    Role.ADMINISTRATOR: "Quản trị",
}


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in. `unit` is a commune's code, or EVERYWHERE for the city."""

    username: str
    name: str
    role: Role
    unit: str


_WRITE = frozenset({Role.BROADCASTER})
_APPROVE = frozenset({Role.APPROVER})
_OFFICE = frozenset({Role.STAFF, Role.ADMINISTRATOR})
_SEE = frozenset(Role)
_CARE = frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR})

# Action → the roles that hold it. An action that is not here belongs to nobody.
RIGHTS: dict[str, frozenset[Role]] = {
    "station.see": _SEE,
    "bulletin.see": _SEE,
    "bulletin.write": _WRITE,
    "bulletin.approve": _APPROVE,
    "session.see": _SEE,
    "session.plan": _WRITE,
    "session.withdraw": _WRITE | _APPROVE,
    "directive.see": _SEE,
    "directive.write": _APPROVE | _OFFICE,
    "charter.write": _APPROVE | _OFFICE,
    "regime.write": _OFFICE,
    "cluster.suspend": _OFFICE,
    "pole.see": _SEE,
    "pole.care": _CARE,
    "evidence.listen": _SEE,
    "people.manage": frozenset({Role.ADMINISTRATOR}),
}

_WHY = {
    "bulletin.write": "Chỉ phát thanh viên của đơn vị được soạn bản tin.",
    "bulletin.approve": "Chỉ người duyệt của đơn vị được duyệt bản tin.",
    "session.plan": "Chỉ phát thanh viên của đơn vị được đặt buổi phát.",
    "session.withdraw": "Chỉ phát thanh viên hoặc người duyệt của đơn vị được hủy buổi phát.",
    "directive.write": "Chỉ người duyệt của đơn vị (cho đơn vị mình) hoặc cán bộ thành phố được ghi văn bản chỉ đạo.",
    "charter.write": "Chỉ người duyệt của đơn vị hoặc cán bộ thành phố được ban hành quy chế.",
    "regime.write": "Chỉ cán bộ thành phố hoặc quản trị được chọn bộ quy tắc cho đơn vị.",
    "cluster.suspend": "Chỉ cán bộ thành phố hoặc quản trị được tạm dừng cụm loa.",
    "pole.care": "Chỉ kỹ thuật viên hoặc quản trị được thay đổi cụm loa.",
    "people.manage": "Chỉ quản trị được thay đổi tài khoản.",
}


def may(person: Person, action: str, unit: str) -> bool:
    """True if `person` may do `action` on something that belongs to `unit` (a commune's code, or EVERYWHERE)."""
    if person.role not in RIGHTS.get(action, frozenset()):
        return False
    return person.unit == EVERYWHERE or person.unit == unit


def require(person: Person, action: str, unit: str) -> None:
    """Raise NotAllowed, with a sentence that says who may, unless `may`."""
    if not may(person, action, unit):
        fallback = "Bạn không có quyền xem hoặc làm việc này ở đơn vị này."
        raise NotAllowed(_WHY.get(action, fallback) if action in RIGHTS else fallback)
