"""What kind of sound file is this: by its bytes, never by its name, before any decoder sees it.

Only the kinds that stations use pass the door; each maps to exactly one ffmpeg demuxer, which is then forced.
Playlists, scripts, pictures and everything else are "not audio" here.
"""

import os
from typing import BinaryIO

from .sound import BadSound

DECODERS = (
    "mp3float,mp3,aac,alac,flac,vorbis,opus,libopus,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s32le,"
    "pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw,adpcm_ima_wav,adpcm_ms"
)
"""The only decoders that ffmpeg may open."""

_NOT_AUDIO = "Tệp này không phải tệp âm thanh mp3, m4a, wav, ogg hay flac đọc được."
_BROKEN = "Tệp có dạng âm thanh nhưng không giải mã được: tệp hỏng, bị cắt cụt hoặc dùng bộ mã lạ."
_CUT = "Tệp âm thanh bị cắt cụt: phần đầu tệp ghi dài hơn phần còn lại thật có, hãy tải lại tệp đầy đủ."
_JUNK_BYTES = 4096
_MOST_TAGS = 16  # a file of nothing but empty tags or chunks must not keep us busy
_MOST_CHUNKS = 1000
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_MP3_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def not_audio() -> BadSound:
    """The refusal of everything that is no sound of a known kind."""
    return BadSound("not_audio", _NOT_AUDIO)


def not_decodable() -> BadSound:
    """The refusal of a file that begins like a sound and can not be decoded as one."""
    return BadSound("not_audio", _BROKEN)


def cut_off() -> BadSound:
    """The refusal of a file that promises more than it holds."""
    return BadSound("false_length", _CUT)


def demuxer(file: BinaryIO) -> str:
    """The ffmpeg demuxer for `file`. BadSound not_audio, or false_length where it is plainly cut off."""
    file.seek(_after_tags(file))
    head = file.read(_JUNK_BYTES)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        _check_wav(file)
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        _check_last_page(file)
        return "ogg"
    if head[4:8] == b"ftyp":
        return "mov"
    if _adts_frame(head):
        return "aac"
    if _two_mp3_frames(head):
        return "mp3"
    raise not_audio()


def _after_tags(file: BinaryIO) -> int:
    """Where the sound begins after any ID3v2 tags (id3.org, ID3v2.4 §3.1: sizes in 7-bit bytes)."""
    start = 0
    for _ in range(_MOST_TAGS):
        file.seek(start)
        tag = file.read(10)
        if len(tag) < 10 or tag[:3] != b"ID3":
            return start
        size = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
        start += 10 + size + (10 if tag[5] & 0x10 else 0)
    raise not_audio()


def _check_wav(file: BinaryIO) -> None:
    """Walk the chunks: the data chunk must lie within the file.

    Sizes 0 and 2³²−1 mean "not known" (a recorder that wrote into a pipe): such a header claims nothing.
    """
    end = os.fstat(file.fileno()).st_size
    start = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(start)
        chunk = file.read(8)
        if len(chunk) < 8:
            break
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            if size not in _UNKNOWN_SIZES and start + 8 + size > end:
                raise cut_off()
            return
        start += 8 + size + size % 2
    raise not_audio()


def _check_last_page(file: BinaryIO) -> None:
    """Ogg gives no length at its head, but each page says its own (RFC 3533 §6): the last must be whole."""
    end = os.fstat(file.fileno()).st_size
    start = max(0, end - 65_307)  # the largest page
    file.seek(start)
    tail = file.read()
    last = tail.rfind(b"OggS")
    page = tail[last:] if last >= 0 else b""
    if len(page) < 27 or len(page) < 27 + page[26]:
        raise cut_off()
    if len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]]):
        raise cut_off()


def _adts_frame(head: bytes) -> bool:
    """Two AAC frames one after the other (ISO/IEC 13818-7 §6.2: 12-bit sync, layer 0, 13-bit length)."""
    if len(head) < 9 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length > 7 and head[length : length + 2] == head[:2]


def _two_mp3_frames(head: bytes) -> bool:
    """Two MPEG layer III frames of one kind in a row, after at most a little junk."""
    at = head.find(b"\xff")
    while 0 <= at < len(head) - 4:
        length = _mp3_frame_bytes(head[at : at + 4])
        following = head[at + length : at + length + 2]
        # the lowest bit only says whether a checksum follows
        if length and len(following) == 2 and (following[0], following[1] | 1) == (0xFF, head[at + 1] | 1):
            return True
        at = head.find(b"\xff", at + 1)
    return False


def _mp3_frame_bytes(header: bytes) -> int:
    """Length of the layer III frame with this 4-byte header (ISO/IEC 11172-3 §2.4.2.3); 0 if it is none."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kbps_index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if header[1] & 0xE0 != 0xE0 or layer != 1 or version == 1 or not 0 < kbps_index < 15 or rate_index == 3:
        return 0
    kbps = _MP3_KBPS[1 if version == 3 else 2][kbps_index]
    return (144 if version == 3 else 72) * kbps * 1000 // _MP3_RATES[version][rate_index] + padding
