"""Audio comes onto the pole whole and right, whatever the server, the line and the power do."""

import hashlib
import random

import numpy as np
import pytest

from protocol import messages
from tests.support.street import Street
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
CHUNK = messages.CHUNK_BYTES


def audio(chunks: float, seed: int) -> bytes:
    """Bytes that no two chunks have in common; what they sound like does not matter here."""
    size = int(chunks * CHUNK) // messages.BLOCK_BYTES * messages.BLOCK_BYTES
    return np.random.default_rng(seed).bytes(size)


def plan_far_ahead(street: Street, raw: bytes, name: str = "s1") -> messages.Session:
    """A session in an hour, so that only the download happens."""
    frames = len(raw) // messages.BLOCK_BYTES * messages.BLOCK_FRAMES
    return street.session(np.zeros(frames, "<i2"), raw, in_seconds=3600, name=name)


def stored(pole, item: messages.Item) -> bytes:
    return (pole.folder / "data" / "media" / item.media).read_bytes()


def test_a_server_that_cuts_bodies_ignores_ranges_hangs_up_and_sends_wrong_bytes_is_survived(street):
    dice = random.Random(7)
    told = {"short": 0, "whole": 0, "closed": 0, "wrong": 0}

    def fault(name: str, start: int, body: bytes) -> object:
        kind = dice.choice(["short", "whole", "closed", "wrong"] + ["right"] * 5)
        if kind == "right":
            return body
        told[kind] += 1
        return bytes([body[0] ^ 1]) + body[1:] if kind == "wrong" else kind

    street.media.fault = fault
    pole = street.pole()
    raw = audio(6.4, 1)
    session = plan_far_ahead(street, raw)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready", seconds=120)
    assert stored(pole, session.items[0]) == raw
    assert min(told.values()) >= 1, told
    assert pole.alive and street.desk.receipt("p1", "ready").boot == 1


def test_killed_thirty_times_while_downloading_the_pole_ends_up_with_the_right_file(street):
    pole = street.pole()
    raw = audio(20.3, 2)
    session = plan_far_ahead(street, raw)
    item = session.items[0]
    dice = random.Random(3)
    street.media.fault = lambda name, start, body: body[:-1] + bytes([body[-1] ^ 1]) if dice.random() < 0.1 else body
    street.media.delay_seconds = 0.03
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "received")
    kills = 0
    while kills < 30:
        seen = len(street.media.requests)
        wait_until(lambda seen=seen: len(street.media.requests) > seen + dice.randrange(2), "a request")
        pole.kill()
        kills += 1
        if kills == 20:
            street.media.fault = lambda name, start, body: body
        pole.start()
    street.desk.wait_for("p1", "ready", seconds=60)
    assert stored(pole, item) == raw
    # What was checked was not fetched again: each kill costs its own chunk at most, each wrong chunk one more.
    assert len(street.media.requests) < 21 + 2 * kills + 20


def test_what_no_plan_names_any_more_makes_room(street):
    pole = street.pole()
    first, second = audio(1.5, 3), audio(1.5, 4)
    session = plan_far_ahead(street, first)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready", "s1")
    other = plan_far_ahead(street, second, "s2")
    street.desk.plan("00070", [other])
    street.desk.wait_for("p1", "ready", "s2")
    pole.restart()
    wait_until(
        lambda: [path.name for path in (pole.folder / "data" / "media").iterdir()] == [other.items[0].media],
        "only the new file",
    )


def test_a_chunk_list_that_is_not_the_sealed_one_is_never_used(street):
    pole = street.pole()
    raw = audio(2, 5)
    session = plan_far_ahead(street, raw)
    item = session.items[0]
    evil = audio(2, 6)
    hashes = b"".join(hashlib.sha256(evil[i : i + CHUNK]).digest() for i in range(0, len(evil), CHUNK))
    right = street.media.files[item.media + ".chunks"]
    street.media.files.update({item.media: evil, item.media + ".chunks": hashes})
    street.desk.plan("00070", [session])
    wait_until(lambda: len(street.media.requests) >= 3, "three attempts")
    assert {name for name, _ in street.media.requests} == {item.media + ".chunks"}
    street.media.files.update({item.media: raw, item.media + ".chunks": right})
    street.desk.wait_for("p1", "ready")
    assert stored(pole, item) == raw
