"""What a pole runs when neither of its programs is whole: it can be given a new one by cable, sealed like any other.

Lines of JSON both ways, on the USB port. {"do":"hello"}; {"do":"order","hex":…} a sealed update; {"do":"data","hex":…}
again and again; {"do":"end"}. Each is answered by one line: {"ok":1,…} or {"error":word}.
"""

import json

from firmware.app.orders import open_key_list
from firmware.app.slots import Slots, digest_of
from firmware.app.vault import Vault
from protocol import messages, seal, topics
from protocol.schema import WireError

INCOMING = "slot-new"
LONGEST_LINE = 4096


class Console:
    """One pole's console. It does not know the time: validity is not judged, seal, role and audience are."""

    def __init__(self, profile, files):
        vault = Vault(files)
        self._files = files
        self._slots = Slots(vault)
        self._keys = open_key_list(vault, profile["root"], profile["keys"])
        self._streams = [topics.pole(profile["pole"])] + [topics.group(name) for name in profile["groups"]]
        self._acts = {"hello": self._hello, "order": self._take_order, "data": self._take_data, "end": self._end}
        self._order = None
        self.over = False

    def answer(self, line):
        """The line that answers a line; never an exception for what somebody types."""
        try:
            asked = json.loads(line) if len(line) <= LONGEST_LINE else None
            told = self._acts[asked["do"]](asked)
            told["ok"] = 1
        except seal.SealError as why:
            told = {"error": why.word}
        except (ValueError, KeyError, TypeError, WireError):
            told = {"error": "line"}
        except OSError:
            told = {"error": "flash"}
        return json.dumps(told)

    def _hello(self, asked):
        return {"recovery": 1, "releases": [self._slots.release("a"), self._slots.release("b")]}

    def _take_order(self, asked):
        sealed = seal.unpack(bytes.fromhex(asked["hex"]))
        key = seal.known_key(self._keys, sealed.kid)
        seal.verify(sealed, int(key.modulus, 16))
        letter = seal.open_body(sealed)
        if letter.kind != messages.Update.TYPE or key.role != messages.ROLE_OF[letter.kind]:
            raise seal.SealError("key")
        if letter.to not in self._streams:
            raise seal.SealError("audience")
        if letter.content.what == messages.CORE:
            raise seal.SealError("core")  # the cable can do that without us (docs/firmware.md)
        newest = max(self._slots.release("a"), self._slots.release("b"))
        if letter.content.release < newest and not letter.content.downgrade:
            raise seal.SealError("older")
        self._order = letter.content
        with self._files.open(INCOMING, "wb"):
            pass
        return {"bytes": self._order.image.bytes}

    def _take_data(self, asked):
        raw = bytes.fromhex(asked["hex"])
        at = self._files.size(INCOMING)
        if self._order is None or at + len(raw) > self._order.image.bytes:
            raise seal.SealError("order")
        with self._files.open(INCOMING, "ab") as file:
            file.write(raw)
            self._files.flush(file)
        return {"at": at + len(raw)}

    def _end(self, asked):
        if self._order is None or digest_of(self._files, INCOMING) != self._order.image.media:
            raise seal.SealError("bytes")
        self._slots.put(INCOMING, self._order.release, self._order.image.media)
        self.over = True
        return {}


def run(profile, files, read_line, write):
    """Answer lines until a program is in place; then the caller starts the pole anew."""
    console = Console(profile, files)
    while not console.over:
        write(console.answer(read_line()) + "\n")
