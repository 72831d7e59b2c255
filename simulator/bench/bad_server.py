"""A media server that does everything wrong that a server, a proxy or a mobile line has ever done."""

import hashlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

from protocol import messages

MOST_CONNECTIONS = 64
DRIP_SECONDS = 0.4
Answer = tuple[bytes, bytes, bool]  # (head, body, whether the connection goes on)


def answer(status: str, body: bytes, length: int | None = None) -> bytes:
    """An HTTP head for a body."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode()


def right(whole: bytes, first: int, last: int, dice: random.Random) -> Answer:
    body = whole[first : last + 1]
    return answer("206 Partial Content", body), body, True


def wrong_byte(whole, first, last, dice) -> Answer:
    head, body, _ = right(whole, first, last, dice)
    at = dice.randrange(len(body))
    return head, body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + 1 :], True


def another_place(whole, first, last, dice) -> Answer:
    body = (whole[last + 1 :] + whole)[: last + 1 - first]
    return answer("206 Partial Content", body), body, True


def all_of_it(whole, first, last, dice) -> Answer:
    return answer("200 OK", whole), whole, True


def cut_short(whole, first, last, dice) -> Answer:
    head, body, _ = right(whole, first, last, dice)
    return head, body[: dice.randrange(len(body))], False


def too_long(whole, first, last, dice) -> Answer:
    head, body, _ = right(whole, first, last, dice)
    return answer("206 Partial Content", body + b"more"), body + b"more", True


def longer_than_said(whole, first, last, dice) -> Answer:
    head, body, _ = right(whole, first, last, dice)
    return head, body + whole[:5000], True


def shorter_than_said(whole, first, last, dice) -> Answer:
    head, body, _ = right(whole, first, last, dice)
    return head, body[: len(body) // 2], False


def no_length(whole, first, last, dice) -> Answer:
    return b"HTTP/1.1 206 Partial Content\r\n\r\n", whole[first : last + 1], False


def nonsense_length(whole, first, last, dice) -> Answer:
    value = dice.choice([b"-1", b"1e3", b"\xff\xff", b"99999999999999999999", b""])
    return b"HTTP/1.1 206 OK\r\nContent-Length: " + value + b"\r\n\r\n", whole[first : last + 1], False


def garbage(whole, first, last, dice) -> Answer:
    return dice.randbytes(dice.randrange(1, 6000)), b"", False


def endless_headers(whole, first, last, dice) -> Answer:
    return b"HTTP/1.1 206 OK\r\n" + b"X: y\r\n" * 200, b"", False


def refused(whole, first, last, dice) -> Answer:
    status = dice.choice(["404 Not Found", "416 Range Not Satisfiable", "503 Busy", "302 Found"])
    return answer(status, b"no"), b"no", True


def hangs_up(whole, first, last, dice) -> Answer:
    return b"", b"", False


def drips(whole, first, last, dice) -> Answer:
    return right(whole, first, last, dice)


FAULTS: tuple[Callable[..., Answer], ...] = (
    wrong_byte, another_place, all_of_it, cut_short, too_long, longer_than_said, shorter_than_said, no_length,
    nonsense_length, garbage, endless_headers, refused, hangs_up, drips,
)


class BadServer:
    """Serves `files` by name; one answer in `1 / share` is one of FAULTS. `told` counts what was done."""

    def __init__(self, share: float, seed: int = 1):
        self.share = share
        self.files: dict[str, bytes] = {}
        self.told: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=MOST_CONNECTIONS)
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}/media"
        threading.Thread(target=self._accept, daemon=True).start()

    def add(self, raw: bytes) -> messages.Item:
        """Offer a file; the Item that a plan names it by."""
        size = messages.CHUNK_BYTES
        hashes = b"".join(hashlib.sha256(raw[i : i + size]).digest() for i in range(0, len(raw), size))
        digest = hashlib.sha256(hashes).hexdigest()
        self.files.update({digest: raw, digest + ".chunks": hashes})
        return messages.Item(media=digest, bytes=len(raw), frames=len(raw) // messages.BLOCK_BYTES)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                while self._answer_one(connection, lines):
                    pass
            except (OSError, ValueError, IndexError):
                return  # it was killed in the middle of a request

    def _answer_one(self, connection, lines) -> bool:
        name = lines.readline().split()[1].decode().rpartition("/")[2]
        headers = dict(iter(lambda: tuple(lines.readline().strip().lower().partition(b": ")[::2]), (b"", b"")))
        first, _, last = headers[b"range"].removeprefix(b"bytes=").partition(b"-")
        how = self._dice.choice(FAULTS) if self._dice.random() < self.share else right
        self.told[how.__name__] += 1
        head, body, goes_on = how(self.files[name], int(first), int(last), self._dice)
        if how is drips:
            return self._drip(connection, head + body)
        connection.sendall(head + body)
        return goes_on

    def _drip(self, connection, raw: bytes) -> bool:
        until = time.monotonic() + DRIP_SECONDS
        for at in range(len(raw)):
            connection.sendall(raw[at : at + 1])
            time.sleep(0.01)  # a line this slow is the fault
            if time.monotonic() > until:
                return False
        return True

    def close(self) -> None:
        """No more connections."""
        self._socket.close()
