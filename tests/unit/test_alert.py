"""What may become of a warning: real, drill or nothing, for how long, in whose words, and without whom."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from headend.domain import alert as rules
from headend.domain.alert import Becomes, Certainty, MsgType, Received, Scope, Severity, Status, Urgency
from headend.domain.alert_policy import NOBODY, Policy, why_a_person
from headend.domain.alert_reach import Reach
from headend.domain.areas import AreaClass, Cluster
from tests.support import caps
from tests.support.caps import NOW, SENDER, flood, signed, vietnamese

HERE = Reach(("00070",), (Cluster("c1", "00070", "Cụm 1", AreaClass.Q, 21.03, 105.85),))
OPEN = Policy(senders=frozenset({SENDER}))
HOUR = timedelta(hours=1)


def becomes(now=NOW, **changes):
    return rules.becomes(replace(flood(), **changes), now)[0]


def later(msg_type=MsgType.CANCEL, **changes):
    """A message about the flood, a quarter of an hour later."""
    alert = replace(flood(), identifier="HN-2026-0302-99", msg_type=msg_type, sent_at=flood().sent_at + HOUR / 4,
                    references=(flood().reference,))
    return replace(alert, **changes)


# Real, drill or nothing


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.ACTUAL, Becomes.EMERGENCY),
        (Status.EXERCISE, Becomes.DRILL),
        (Status.TEST, Becomes.NOTHING),
        (Status.DRAFT, Becomes.NOTHING),
        (Status.SYSTEM, Becomes.NOTHING),
    ],
)
def test_only_what_is_actual_is_real_and_an_exercise_is_a_drill(status, kind):
    assert becomes(status=status) is kind
    assert becomes(status=status, msg_type=MsgType.UPDATE) is kind


@pytest.mark.parametrize("status", [Status.TEST, Status.DRAFT, Status.SYSTEM])
def test_a_test_ends_nothing_either(status):
    assert becomes(status=status, msg_type=MsgType.CANCEL) is Becomes.NOTHING


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"msg_type": MsgType.CANCEL}, Becomes.ALL_CLEAR),
        ({"msg_type": MsgType.CANCEL, "infos": ()}, Becomes.ALL_CLEAR),
        ({"msg_type": MsgType.ACK}, Becomes.NOTHING),
        ({"msg_type": MsgType.ERROR}, Becomes.NOTHING),
        ({"scope": Scope.RESTRICTED}, Becomes.NOTHING),
        ({"scope": Scope.PRIVATE}, Becomes.NOTHING),
        ({"infos": ()}, Becomes.NOTHING),
    ],
)
def test_what_is_not_for_the_public_air_becomes_nothing(changes, kind):
    assert becomes(**changes) is kind


def test_nothing_always_has_a_reason():
    told = {rules.becomes(replace(flood(), status=status, msg_type=kind, scope=scope, infos=infos), now)
            for status in Status for kind in MsgType for scope in Scope for infos in ((), flood().infos)
            for now in (NOW - 9 * HOUR, NOW, NOW + 9 * HOUR)}
    assert all((kind is Becomes.NOTHING) == bool(reason) for kind, reason in told)
    assert len({reason for _, reason in told}) > 9


# For how long


def test_a_warning_holds_until_it_expires():
    ends = flood().infos[1].expires_at
    assert becomes(ends - timedelta(seconds=1)) is Becomes.EMERGENCY
    assert becomes(ends) is Becomes.NOTHING


def test_without_an_end_it_holds_for_a_day():
    alert = vietnamese(expires_at=None)
    assert rules.becomes(alert, alert.sent_at + 24 * HOUR - timedelta(seconds=1))[0] is Becomes.EMERGENCY
    assert rules.becomes(alert, alert.sent_at + 24 * HOUR) == (Becomes.NOTHING, "Tin đã hết hiệu lực.")


def test_before_it_is_effective_nothing_sounds():
    alert = vietnamese(effective_at=NOW + HOUR)
    assert rules.becomes(alert, NOW) == (Becomes.NOTHING, "Tin chưa có hiệu lực.")
    assert rules.becomes(alert, NOW + HOUR)[0] is Becomes.EMERGENCY


def test_what_comes_from_the_future_is_not_believed_but_clocks_may_differ():
    assert becomes(flood().sent_at - timedelta(minutes=5)) is Becomes.EMERGENCY
    assert becomes(flood().sent_at - timedelta(minutes=5, seconds=1)) is Becomes.NOTHING


# In whose words


def test_vietnamese_is_spoken_first():
    assert [one.language for one in rules.spoken_infos(flood(), NOW)] == ["vi-VN"]
    plain = replace(flood(), infos=(flood().infos[0], replace(flood().infos[1], language="VI")))
    assert [one.language for one in rules.spoken_infos(plain, NOW)] == ["VI"]


def test_without_vietnamese_the_first_language_is_for_a_person_to_translate():
    english = flood().infos[0]
    alert = replace(flood(), infos=(english, replace(english, language="fr"), replace(english, language="EN-us")))
    assert [one.language for one in rules.spoken_infos(alert, NOW)] == ["en-US", "EN-us"]


def test_the_worst_is_spoken_first_and_what_expired_not_at_all():
    info = flood().infos[1]
    alert = replace(flood(), infos=(replace(info, severity=Severity.MINOR), replace(info, expires_at=NOW),
                                    replace(info, severity=Severity.SEVERE)))
    assert [one.severity for one in rules.spoken_infos(alert, NOW)] == [Severity.SEVERE, Severity.MINOR]


def test_an_expired_vietnamese_text_is_not_replaced_by_silence():
    alert = replace(flood(), infos=(flood().infos[0], replace(flood().infos[1], expires_at=NOW)))
    assert [one.language for one in rules.spoken_infos(alert, NOW)] == ["en-US"]


# Updates and cancels


@pytest.mark.parametrize("kind", [MsgType.UPDATE, MsgType.CANCEL])
def test_an_update_or_cancel_replaces_what_it_refers_to(kind):
    assert rules.replaces(Received(later(kind)), Received(flood()))
    assert rules.replaces(signed(later(kind)), signed(flood()))
    assert rules.replaces(signed(later(kind)), Received(flood()))


@pytest.mark.parametrize(
    "changes",
    [
        {"msg_type": MsgType.ALERT},
        {"msg_type": MsgType.ACK},
        {"status": Status.EXERCISE},
        {"status": Status.TEST},
        {"scope": Scope.PRIVATE},
        {"sender": "khac@hanoi.example"},
        {"references": ()},
        {"sent_at": flood().sent_at - HOUR},
    ],
)
def test_nothing_else_does(changes):
    assert not rules.replaces(signed(later(**changes)), signed(flood()))


def test_what_was_signed_is_not_silenced_by_the_unsigned_or_by_another():
    cancel = later(MsgType.CANCEL)
    assert not rules.replaces(Received(cancel), signed(flood()))
    assert not rules.replaces(signed(cancel, "khac@hanoi.example"), signed(flood()))


def test_a_message_can_not_replace_itself():
    itself = replace(flood(), msg_type=MsgType.UPDATE, references=(flood().reference,))
    assert not rules.replaces(Received(itself), Received(itself))


def test_what_stands_does_not_depend_on_the_order_or_on_repetition():
    update = later(MsgType.UPDATE)
    other = replace(flood(), identifier="HN-2026-0302-02")
    for order in permutations([Received(flood()), Received(update), Received(other), Received(flood())]):
        standing = {one.alert.identifier for one in rules.standing(order, NOW)}
        assert standing == {"HN-2026-0302-99", "HN-2026-0302-02"}
    cancel = Received(later(MsgType.CANCEL))
    assert rules.standing([cancel, Received(flood())], NOW) == ()


def test_the_same_message_unsigned_does_not_keep_the_signed_one_out():
    fake = Received(replace(flood(), infos=()))
    for order in permutations([fake, signed(flood())]):
        assert rules.standing(order, NOW) == (signed(flood()),)


def test_a_drill_stands_beside_the_real_thing():
    drill = later(MsgType.UPDATE, status=Status.EXERCISE)
    assert len(rules.standing([Received(flood()), Received(drill)], NOW)) == 2


# Without a person


def test_a_grave_signed_warning_of_a_named_sender_sounds_by_itself_where_policy_says_so():
    assert why_a_person(signed(flood()), OPEN, HERE, NOW) == ()


def test_no_policy_lets_an_unsigned_warning_sound():
    everything = Policy(frozenset({SENDER}), frozenset(Severity), frozenset(Urgency), frozenset(Certainty))
    assert why_a_person(Received(flood()), everything, HERE, NOW) == ("Tin không có chữ ký.",)


@pytest.mark.parametrize(
    ("received", "policy", "where", "reason"),
    [
        (signed(flood()), NOBODY, HERE, "Chính sách không cho pctt@hanoi.example phát tự động."),
        (signed(flood(), "khac@hanoi.example"), OPEN, HERE, "Chính sách không cho pctt@hanoi.example phát tự động."),
        (signed(vietnamese(severity=Severity.SEVERE)), OPEN, HERE, "chưa đến ngưỡng"),
        (signed(vietnamese(urgency=Urgency.FUTURE)), OPEN, HERE, "chưa đến ngưỡng"),
        (signed(vietnamese(certainty=Certainty.POSSIBLE)), OPEN, HERE, "chưa đến ngưỡng"),
        (signed(vietnamese(language="en")), OPEN, HERE, "Tin không có nội dung tiếng Việt."),
        (signed(flood()), OPEN, Reach(), "Chưa xác định được hết địa bàn của tin."),
        (signed(flood()), OPEN, replace(HERE, unplaced=("x",)), "Chưa xác định được hết địa bàn của tin."),
        (signed(replace(flood(), status=Status.EXERCISE)), OPEN, HERE, "Diễn tập phải do người"),
        (signed(later(MsgType.CANCEL)), OPEN, HERE, "Hủy cảnh báo phải có người xác nhận."),
        (signed(replace(flood(), status=Status.TEST)), OPEN, HERE, "không phải cảnh báo thật"),
    ],
)
def test_everything_else_waits_for_a_person_and_says_why(received, policy, where, reason):
    (told,) = why_a_person(received, policy, where, NOW)
    assert reason in told


def test_one_mild_part_makes_the_whole_wait():
    info = flood().infos[1]
    mixed = replace(flood(), infos=(info, replace(info, severity=Severity.MINOR)))
    assert len(why_a_person(signed(mixed), OPEN, HERE, NOW)) == 1


def test_an_update_sounds_by_itself_like_an_alert():
    assert why_a_person(signed(later(MsgType.UPDATE)), OPEN, HERE, NOW) == ()


def test_the_flood_of_the_tests_is_what_they_think():
    assert flood().sender == SENDER
    assert caps.NOW - flood().sent_at == HOUR / 2
