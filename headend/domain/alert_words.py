"""What a warning says aloud: sentences for the voice, made of headline, description and instruction."""

import re
from collections.abc import Sequence

from headend.domain.alert import Alert, Becomes, Info, Status

MOST_LETTERS = 900  # about a minute of speech; who hears it may have little more time
DRILL = "Đây là diễn tập."
ALL_CLEAR = "Cảnh báo trước đó đã được hủy."

_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_BULLET = re.compile(r"[-*•]\s+")
_ENDS = ".!?…"


def spoken(alert: Alert, infos: Sequence[Info], kind: Becomes, most: int = MOST_LETTERS) -> str:
    """The text of a prepared emergency, drill or all-clear, at most `most` letters, cut between sentences.

    A drill says so before and after. What to do matters more than what happens: descriptions give way first.
    """
    if kind is Becomes.NOTHING:
        return ""
    frame = [DRILL] if alert.status is Status.EXERCISE else []
    room = most - sum(len(one) + 1 for one in 2 * frame)
    body = _cancelled(infos) if kind is Becomes.ALL_CLEAR else _parts(infos)
    return " ".join([*frame, *_fitting(body, room), *frame])


def _cancelled(infos: Sequence[Info]) -> list[tuple[int, str]]:
    told = [(1, one) for info in infos for text in (info.headline, info.description) for one in sentences(text)]
    return [(0, ALL_CLEAR), *told]


def _parts(infos: Sequence[Info]) -> list[tuple[int, str]]:
    """(rank, sentence) in the order of speaking; a lower rank is more needed. Nothing is said twice."""
    said: dict[str, int] = {}
    for info in infos:
        who = f"{info.sender_name} thông báo:" if info.sender_name else ""
        texts = ((0, " ".join(filter(None, [who, info.headline or info.event]))), (2, info.description),
                 (1, info.instruction))
        for rank, text in texts:
            for one in sentences(text):
                said[one] = min(rank, said.get(one, rank))
    return [(rank, one) for one, rank in said.items()]


def _fitting(parts: list[tuple[int, str]], room: int) -> list[str]:
    """As many whole sentences as there is room for, the needed ones first, in the order of speaking.

    Within one rank nothing is left out from the middle: where a sentence does not fit, the rest of its rank ends.
    """
    kept, full = set(), set()
    for at, (rank, one) in sorted(enumerate(parts), key=lambda item: (item[1][0], item[0])):
        if rank in full or len(one) + bool(kept) > room:
            full.add(rank)
            continue
        room -= len(one) + bool(kept)
        kept.add(at)
    if not kept and parts:
        return [_cut(parts[0][1], room)]
    return [one for at, (_, one) in enumerate(parts) if at in kept]


def _cut(sentence: str, room: int) -> str:
    """The first words of a single sentence that is longer than all the room."""
    if len(sentence) <= room:
        return sentence
    return sentence[:max(0, room - 1)].rpartition(" ")[0].rstrip(" ,;:–-") + "…"


def sentences(text: str | None) -> list[str]:
    """A text in sentences, each with its full stop; items of a list are sentences of their own."""
    found = [one for paragraph in _paragraphs(text or "") for one in _SENTENCE.split(paragraph)]
    return [one if one[-1] in _ENDS else one.rstrip(" ,;:") + "." for one in found if any(map(str.isalnum, one))]


def _paragraphs(text: str) -> list[str]:
    """Lines that belong together, joined: such texts are often broken at a width, in the middle of a sentence."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        words = " ".join(line.split())
        bullet = _BULLET.match(words)
        if bullet or not words or (found[-1] and found[-1][-1].endswith(":")):
            found.append([])
        found[-1].append(words[bullet.end() if bullet else 0:])
    return [" ".join(filter(None, lines)) for lines in found]
