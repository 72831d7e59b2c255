"""The text at the door: what may reach a speech synthesiser, and how the door refuses."""

import re
import unicodedata

from headend.domain.errors import BadInput, Trouble

MOST_CHARACTERS = 20_000
"""About 25 minutes of speech."""

_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_SPACES = re.compile(r"[^\S\n]+")
_NO_PRINT = ("Cc", "Cf", "Cs", "Co", "Cn")


class BadText(BadInput):
    """A text that can not be spoken; `message` tells the person why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "text")


class SpeechFailed(Trouble):
    """The synthesiser crashed, hung or gave nothing: not the text's fault as far as is known.

    `detail` is for the log, in English.
    """

    def __init__(self, detail: str) -> None:
        super().__init__("Bộ đọc văn bản đang gặp lỗi, hãy thử lại sau hoặc tải lên bản ghi âm.")
        self.detail = detail


def cleaned(text: str) -> str:
    """`text` as Unicode NFC in lines, one blank between words, without invisible characters.

    Raises BadText if nothing in it can be spoken or it is longer than MOST_CHARACTERS.
    """
    text = unicodedata.normalize("NFC", _BREAKS.sub("\n", text))
    spaced = _SPACES.sub(" ", "".join(one for one in text if _printable(one)))
    lines = [line.strip() for line in spaced.split("\n")]
    clean = "\n".join(line for line in lines if line)
    if not any(one.isalnum() for one in clean):
        raise BadText("Chưa có nội dung nào để đọc.")
    if len(clean) > MOST_CHARACTERS:
        most = f"{MOST_CHARACTERS:,}".replace(",", ".")
        raise BadText(f"Nội dung dài hơn {most} ký tự, hãy rút gọn hoặc chia thành nhiều bản tin.")
    return clean


def _printable(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in _NO_PRINT
