"""A session's files and pauses are one line of time, whatever each is encoded as and wherever it is entered."""

import functools
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.app.programme import Programme, limit_of
from protocol import messages
from protocol.urgency import EMERGENCY
from tests.support.headside import decode, encode, ffmpeg_decode, ffmpeg_encode, noise

RATE = messages.RATE
PAUSE_MS = 250
FRAMES = 5000
ITEMS = [("ima", PAUSE_MS), ("mulaw", None), ("pcm", PAUSE_MS), ("ima", None)]


class Media:
    """Files by their digest."""

    def __init__(self, files):
        self.files = files

    def open(self, digest):
        return io.BytesIO(self.files[digest])


@functools.cache
def made():
    """(items, media, what should be heard) of a session with every codec."""
    files, items, heard = {}, [], []
    for number, (codec, pause_ms) in enumerate(ITEMS):
        samples = noise(FRAMES / RATE, seed=number)
        raw = encode(samples) if codec == "ima" else ffmpeg_encode(codec, samples)
        plain = decode(raw) if codec == "ima" else ffmpeg_decode(codec, raw)
        digest = f"{number:064x}"
        files[digest] = raw
        items.append(item(digest, len(plain[:FRAMES]), codec, pause_ms))
        heard += [plain[:FRAMES], np.zeros((pause_ms or 0) * 16, "<i2")]
    return items, Media(files), np.concatenate(heard)


def item(digest, frames, codec=None, pause_ms=None):
    return messages.Item(media=digest, bytes=512, frames=frames, codec=codec, pause_ms=pause_ms)


def rest(programme, frame):
    """Everything from a frame on."""
    out = bytearray((messages.BLOCK_FRAMES + 1) * 2)
    skip, found = programme.seek(frame), []
    while count := programme.read(out):
        found.append(np.frombuffer(bytes(out[skip * 2 : count * 2]), "<i2"))
        skip = 0
    return np.concatenate(found) if found else np.zeros(0, "<i2")


def test_items_of_every_codec_and_the_pauses_between_them_follow_each_other_without_a_seam():
    items, media, heard = made()
    programme = Programme(media, items)
    assert programme.frames == len(heard)
    assert np.array_equal(rest(programme, 0), heard)
    assert programme.silent == []


@given(frame=st.integers(0, 4 * FRAMES + 2 * PAUSE_MS * 16))
def test_whoever_comes_late_hears_exactly_what_is_left(frame):
    items, media, heard = made()
    assert np.array_equal(rest(Programme(media, items), frame), heard[frame:])


@pytest.mark.parametrize("codec", messages.CODECS)
def test_a_file_that_ends_too_early_is_an_error_and_no_sound(codec):
    programme = Programme(Media({"a" * 64: b"\x00" * 700}), [item("a" * 64, 4000, codec)])
    with pytest.raises(OSError, match="too short"):
        rest(programme, 0)


@pytest.mark.parametrize("codec", messages.CODECS)
def test_an_item_that_decodes_to_nothing_is_named_and_one_that_sounds_is_not(codec):
    quiet, loud = np.zeros(RATE, "<i2"), noise(1)
    raw = [encode(one) if codec == "ima" else ffmpeg_encode(codec, one) for one in (loud, quiet, loud)]
    media = Media({f"{number:064x}": one for number, one in enumerate(raw)})
    frames = RATE // 1017 * 1017
    items = [item(f"{number:064x}", frames, codec, 100) for number in range(3)]
    programme = Programme(media, items)
    rest(programme, 0)
    assert programme.silent == [2]


def test_of_an_item_that_was_entered_near_its_end_nothing_is_claimed():
    media = Media({"0" * 64: ffmpeg_encode("pcm", np.zeros(RATE * 2, "<i2"))})
    items = [item("0" * 64, RATE * 2, "pcm")]
    late, early = Programme(media, items), Programme(media, items)
    rest(late, RATE * 3 // 2)
    rest(early, RATE // 2)
    assert late.silent == [] and early.silent == [1]


@pytest.mark.parametrize(
    ("length_s", "cap_s", "file_s", "urgency", "sounds_s"),
    [(60, 900, 60, 0, 60), (60, 900, 70, 0, 60), (900, 900, 900.5, 0, 900), (60, 900, 50, 0, 50),
     (1200, 900, 1200, EMERGENCY, 1200), (1200, 900, 1200, 0, 900)],
)  # fmt: skip
def test_no_more_sounds_than_the_session_and_the_rules_allow(length_s, cap_s, file_s, urgency, sounds_s):
    items = [item("0" * 64, 1)]
    session = messages.Session(id="s", at_ms=0, length_ms=length_s * 1000, urgency=urgency, items=items)
    rules = messages.Rules(max_session_seconds=cap_s)
    assert limit_of(session, rules, int(file_s * RATE)) == sounds_s * RATE
