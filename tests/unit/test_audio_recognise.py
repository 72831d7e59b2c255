"""Which files pass the door, by their first bytes."""

import io
import struct

import pytest

from headend.adapters.audio.recognise import demuxer
from headend.adapters.audio.sound import BadSound


def opened(tmp_path, data: bytes):
    path = tmp_path / "upload"
    path.write_bytes(data)
    return path.open("rb")


def wav(data_bytes: int, claimed: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16)
    chunks = form + b"data" + struct.pack("<I", claimed) + bytes(data_bytes)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def id3(payload: bytes) -> bytes:
    size = len(payload)
    return b"ID3\x04\x00\x00" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + payload


MP3 = (b"\xff\xfb\x90\x00" + bytes(413)) * 2  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame
ADTS = (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)) * 2  # 16 bytes a frame


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("wav", wav(100, 100)),
        ("wav", wav(100, 0xFFFFFFFF)),
        ("wav", wav(100, 0)),
        ("flac", b"fLaC" + bytes(60)),
        ("mov", b"\0\0\0\x20ftypM4A " + bytes(60)),
        ("mp3", MP3),
        ("mp3", bytes(100) + MP3),
        ("mp3", id3(b"\xff" * 300) + MP3),
        ("mp3", id3(b"title") + id3(b"again") + MP3),
        ("aac", ADTS),
        ("flac", id3(b"title") + b"fLaC" + bytes(60)),
    ],
)
def test_a_sound_is_known_by_its_bytes(tmp_path, kind, data):
    with opened(tmp_path, data) as file:
        assert demuxer(file) == kind


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\x24\0\0\0AVI LIST" + bytes(100),
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(16),
        b"#EXTM3U\nhttp://example.com/a.mp3\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"PK\x03\x04" + bytes(200),
        b"\x1aE\xdf\xa3" + bytes(200),
        b"<html>\xff\xfb\x90\x00</html>",
        MP3[:417],
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
        id3(b"") * 1_000_000 + MP3,
        b"RIFF\x00\x00\x00\x01WAVE" + b"LIST\0\0\0\0" * 1_000_000 + wav(100, 100)[12:],
    ],
)
def test_what_is_no_sound_of_a_known_kind_stays_outside(tmp_path, data):
    with opened(tmp_path, data) as file, pytest.raises(BadSound) as refused:
        demuxer(file)
    assert refused.value.code == "not_audio"


@pytest.mark.parametrize("claimed", [101, 1 << 20, 0xFFFFFFFE])
def test_a_wav_whose_data_reach_beyond_its_end_is_refused(tmp_path, claimed):
    with opened(tmp_path, wav(100, claimed)) as file, pytest.raises(BadSound) as refused:
        demuxer(file)
    assert refused.value.code == "false_length"


def page(body: bytes) -> bytes:
    return b"OggS" + bytes(22) + bytes([1, len(body)]) + body


def test_an_ogg_passes_while_its_last_page_is_whole(tmp_path):
    whole = page(b"head") + page(b"x" * 200)
    with opened(tmp_path, whole) as file:
        assert demuxer(file) == "ogg"
    for cut in (1, 199, 201, 220):
        with opened(tmp_path, whole[:-cut]) as file, pytest.raises(BadSound) as refused:
            demuxer(file)
        assert refused.value.code == "false_length"


def test_a_refusal_is_a_sentence_for_people():
    with pytest.raises(BadSound) as refused:
        demuxer(io.BytesIO(b"text"))
    assert refused.value.message_vi == str(refused.value)
    assert refused.value.message_vi.startswith("Tệp") and refused.value.message_vi.endswith(".")
