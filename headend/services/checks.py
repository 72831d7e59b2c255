"""Kiểm tra cụm loa: asks a pole to test its horns or its battery; it answers by a receipt `checked` (SPEC R-10)."""

from datetime import timedelta

from headend.domain.areas import Cluster
from headend.domain.errors import BadInput, Conflict, NotFound
from headend.domain.person import Person, require
from headend.ports import AuditEntry, Ports
from headend.services import orders
from protocol import messages, topics

LASTS = timedelta(hours=1)  # a pole that is away for longer is not tested behind everybody's back
KINDS = ("horns", "battery", "calibrate")


def check(ports: Ports, person: Person, cluster_id: str, what: str) -> Cluster:
    """Post a sealed order to the pole. NotFound, NotAllowed; Conflict where it is set aside; BadInput."""
    with ports.db() as db:
        cluster = db.cluster(cluster_id)
        if cluster is None:
            raise NotFound("Không có cụm loa này.")
        require(person, "pole.care", cluster.commune)
        if what not in KINDS:
            raise BadInput("Hãy chọn một phép thử: loa, pin, hoặc hiệu chuẩn.", "what")
        if cluster.suspended and what != "battery":
            raise Conflict("Cụm loa đang tạm dừng nên không được phát, kể cả tiếng thử (P-04).")
        now = ports.clock.now()
        orders.post(ports, db, topics.pole(cluster_id), messages.Check(what=what), now, now + LASTS)
        db.record(AuditEntry(now, person.username, "pole.check", cluster_id, what))
    ports.wake()
    return cluster
