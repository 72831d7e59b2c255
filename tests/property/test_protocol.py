"""Whatever bytes come, a message comes out or WireError; whatever message goes in, it comes back the same."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol import messages, receipt, schema, seal, topics
from protocol.schema import Choice, Hex, Int, Many, One, Text, WireError
from tests.support import keys
from tests.support.vectors import NOW_MS, samples

KINDS = [
    messages.Plan,
    messages.Session,
    messages.Item,
    messages.DayPart,
    messages.Rules,
    messages.Stop,
    messages.Update,
    messages.Check,
    messages.Telemetry,
    messages.Receipt,
    messages.Ack,
    messages.State,
    messages.Key,
    messages.KeyList,
]
TEXT = st.characters(exclude_categories=("Cs",), exclude_characters=[chr(i) for i in range(32)] + ["\x7f"])


def values(kind):
    """A strategy for the values of one field's kind."""
    if isinstance(kind, Int):
        return st.integers(kind.low, kind.high)
    if isinstance(kind, Choice):
        return st.sampled_from(kind.words)
    if isinstance(kind, Hex):
        return st.binary(min_size=kind.most // 2, max_size=kind.most // 2).map(bytes.hex)
    if isinstance(kind, Text):
        return st.text(TEXT, min_size=kind.least, max_size=min(kind.most, 12))
    if isinstance(kind, Many):
        return st.lists(values(kind.kind), max_size=min(kind.most, 3))
    assert isinstance(kind, One)
    return of(kind.message)


def of(message):
    """A strategy for messages of one class."""
    fields = {}
    for name, kind, default in message.FIELDS:
        fields[name] = st.none() | values(kind) if default is None else values(kind)
    return st.fixed_dictionaries(fields).map(lambda chosen: message(**chosen))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_message_that_is_written_and_read_is_the_same(kind, data):  # M-1
    message = data.draw(of(kind))
    raw = schema.encode(message)
    assert schema.decode(kind, raw) == message
    assert schema.encode(schema.decode(kind, raw)) == raw


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(raw=st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
@example(raw=b"[" * 100_000)
@example(raw=b'{"a":' * 30_000)
@example(raw=b'{"upto":' + b"9" * 5000 + b"}")
def test_any_bytes_are_a_message_or_a_wire_error(kind, raw):  # M-4
    with contextlib.suppress(WireError):
        assert isinstance(schema.decode(kind, raw), kind)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.sampled_from(KINDS), data=st.data())
def test_any_json_in_any_field_is_a_message_or_a_wire_error(kind, data):  # M-3
    import json

    chosen = {name: data.draw(JSON) for name, _, _ in kind.FIELDS if data.draw(st.booleans())}
    with contextlib.suppress(WireError):
        message = schema.decode(kind, json.dumps(chosen).encode())
        assert schema.decode(kind, schema.encode(message)) == message


@given(data=st.data(), kind=st.sampled_from([*messages.ORDERS.values(), messages.KeyList]))
def test_what_is_sealed_is_what_is_opened_and_what_is_held_already_is_not_made_again(data, kind):  # S-2
    content = data.draw(of(kind))
    body = seal.body(7, NOW_MS, NOW_MS + 1, "g/all", content)
    assert body.count(b"\n") == (len(content.sessions) if kind is messages.Plan else 0)
    opened = seal.open_body(seal.Sealed(1, b"", body))
    assert (opened.content, opened.seq, opened.kind) == (content, 7, kind.TYPE)
    if kind is messages.Plan:
        again = seal.open_body(seal.Sealed(1, b"", body), lambda one: opened.content.sessions[0])
        assert all(one is opened.content.sessions[0] for one in again.content.sessions)


GOOD = keys.order("g/00070", 7, samples()["plan"], NOW_MS)
LISTED = seal.open_keys(keys.key_list(), keys.modulus("root"), 0).keys


def read(raw: bytes):
    sealed = seal.unpack(raw)
    seal.verify(sealed, int(seal.known_key(LISTED, sealed.kid).modulus, 16))
    return seal.open_body(sealed)


@pytest.mark.rule("P-09")
@given(at=st.integers(0, len(GOOD) * 8 - 1))
def test_an_order_with_one_bit_changed_is_refused_before_it_is_parsed(at):  # S-2
    raw = bytearray(GOOD)
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises(seal.SealError) as refused:
        read(bytes(raw))
    assert refused.value.word in ("format", "key", "seal")


@given(size=st.integers(0, len(GOOD) - 1))
def test_an_order_that_was_cut_is_refused_before_it_is_parsed(size):  # S-2
    with pytest.raises(seal.SealError) as refused:
        read(GOOD[:size])
    assert refused.value.word in ("format", "seal")


@pytest.mark.rule("P-09")
@given(raw=st.binary(max_size=600))
def test_no_bytes_at_all_pass_for_an_order(raw):
    with pytest.raises(seal.SealError):
        read(b"L1" + raw)


@given(raw=st.binary(max_size=200), purpose=st.sampled_from([receipt.RECEIPT, receipt.ACK, receipt.STATE]))
def test_no_bytes_at_all_pass_for_what_a_pole_tells(raw, purpose):
    with pytest.raises(WireError):
        receipt.unpack(keys.pole_key("x"), purpose, messages.Ack, b"R1" + raw)


@given(raw=st.binary(max_size=60))
def test_no_bytes_at_all_pass_for_an_answer_about_the_time(raw):  # C-1
    with pytest.raises(WireError):
        receipt.read_time(keys.pole_key("x"), raw)


@given(pole=st.from_regex(r"\A[a-z0-9-]{1,24}\Z"), nonce=st.binary(min_size=8, max_size=8))
def test_a_request_for_the_time_comes_back_as_it_was_sent(pole, nonce):
    assert receipt.read_ask(receipt.ask_time(pole, nonce)) == (pole, nonce)


@given(name=st.text(max_size=30))
def test_a_name_that_could_reach_another_topic_is_refused(name):  # T-1
    with contextlib.suppress(WireError):
        topic = topics.topic(topics.pole(name), topics.STATE)
        assert topics.parse(topic) == ("p/" + name, topics.STATE)
        assert topic.count("/") == 3 and "+" not in topic and "#" not in topic
