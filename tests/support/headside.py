"""The side of a head-end that a pole talks to, small and real: time by UDP, media by HTTP, a client of the
broker.
"""

import hashlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import imageio_ffmpeg
import numpy as np
import paho.mqtt.client as paho

from protocol import messages, receipt, topics
from protocol.schema import WireError
from tests.support import keys
from tests.support.waiting import LIMIT_SECONDS, wait_until


class TimeServer:
    """Answers time pings with this machine's clock plus `offset_us`."""

    def __init__(self, offset_us: int = 0):
        self.offset_us = offset_us
        self.silent = False
        self.answered = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            raw, who = self._socket.recvfrom(512)
            received_us = time.time_ns() // 1000 + self.offset_us
            if raw == b"end":
                return
            try:
                pole, nonce = receipt.read_ask(raw)
            except WireError:
                continue
            if not self.silent:
                sent_us = time.time_ns() // 1000 + self.offset_us
                self._socket.sendto(receipt.tell_time(keys.pole_key(pole), nonce, received_us, sent_us), who)
                self.answered += 1

    def close(self) -> None:
        """End the thread."""
        self._socket.sendto(b"end", self.address)
        self._thread.join()
        self._socket.close()


class MediaServer:
    """Serves files by ranges. `fault(name, start, body)` may return another body, raise, or `SHORT`,
    `WHOLE`.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.fault: Callable[[str, int, bytes], object] = lambda name, start, body: body
        self.requests: list[tuple[str, int]] = []
        self.delay_seconds = 0.0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
                server.answer(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._http.server_port}/media"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def add(self, raw: bytes, frames: int) -> messages.Item:
        """Offer an encoded file; the Item that a plan names it by."""
        size = messages.CHUNK_BYTES
        hashes = b"".join(hashlib.sha256(raw[i : i + size]).digest() for i in range(0, len(raw), size))
        digest = hashlib.sha256(hashes).hexdigest()
        self.files[digest] = raw
        self.files[digest + ".chunks"] = hashes
        return messages.Item(media=digest, bytes=len(raw), frames=frames)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One GET."""
        name = request.path.rpartition("/")[2]
        whole = self.files.get(name)
        if whole is None:
            request.send_error(404)
            return
        first, _, last = request.headers["Range"].removeprefix("bytes=").partition("-")
        body = whole[int(first) : int(last) + 1]
        self.requests.append((name, int(first)))
        time.sleep(self.delay_seconds)
        status, length = 206, len(body)
        changed = self.fault(name, int(first), body)
        if changed == "short":
            body = body[: len(body) // 2]
            request.close_connection = True
        elif changed == "whole":
            status, body, length = 200, whole, len(whole)
        elif changed == "closed":
            request.close_connection = True
            return
        else:
            body = changed
        request.send_response(status)
        request.send_header("Content-Length", str(length))
        if status == 206:
            request.send_header("Content-Range", f"bytes {first}-{last}/{len(whole)}")
        request.end_headers()
        try:
            request.wfile.write(body)
        except OSError:
            request.close_connection = True

    def close(self) -> None:
        """End the server."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class Desk:
    """The head-end's client of the broker: publishes orders, collects and acknowledges receipts."""

    def __init__(
        self, host: str, port: int, user: str = "", password: str = "", acknowledge: bool = True, ca: str = ""
    ):
        self.journals: dict[str, str] = {}
        self.receipts: dict[str, dict[int, messages.Receipt]] = {}  # of each pole's newest journal
        self.states: dict[str, list[messages.State]] = {}
        self.telemetry: dict[str, list[messages.Telemetry]] = {}
        self.deliveries = 0
        self.acknowledge = acknowledge
        self.counter = keys.Counter()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=user or "desk", clean_session=False
        )
        if user:
            self._client.username_pw_set(user, password)
        if ca:
            self._client.tls_set(ca_certs=ca)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("loa/p/+/receipt", 1), ("loa/p/+/state", 1), ("loa/p/+/telemetry", 0)]
        )
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(host, port)
        self._client.loop_start()
        wait_until(self._client.is_connected, "the desk's connection")

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        _, _, pole, leaf = message.topic.split("/")
        key = keys.pole_key(pole)
        if leaf == topics.STATE:
            self.states.setdefault(pole, []).append(
                receipt.unpack(key, receipt.STATE, messages.State, message.payload)
            )
            return
        if leaf == topics.TELEMETRY:
            self.telemetry.setdefault(pole, []).append(
                receipt.unpack(key, receipt.TELEMETRY, messages.Telemetry, message.payload)
            )
            return
        told = receipt.unpack(key, receipt.RECEIPT, messages.Receipt, message.payload)
        self.deliveries += 1
        if self.journals.get(pole) != told.journal:  # the first, or one that was begun anew
            self.journals[pole] = told.journal
            self.receipts[pole] = {}
        mine = self.receipts[pole]
        mine[told.seq] = told
        upto = 0
        while upto + 1 in mine:
            upto += 1
        if self.acknowledge:
            ack = receipt.pack(key, receipt.ACK, messages.Ack(pole=pole, journal=told.journal, upto=upto))
            self._client.publish(topics.topic(topics.pole(pole), topics.ACK), ack, 1)

    def publish(self, topic: str, raw: bytes, retain: bool = False) -> None:
        """And wait until the broker has it."""
        info = self._client.publish(topic, raw, 1, retain)
        wait_until(info.is_published, f"the broker to take a message to {topic}")

    def plan(self, group: str, sessions: list, rules: messages.Rules | None = None, **how: object) -> bytes:
        """Seal and publish a plan for a group; its bytes."""
        to = topics.group(group)
        seq = self.counter.next(to, "plan")
        plan = messages.Plan(version=seq, rules=[rules or ALL_DAY], sessions=sessions)
        raw = keys.order(to, seq, plan, int(time.time() * 1000) + how.pop("clock_ms", 0), **how)
        self.publish(topics.topic(to, topics.PLAN), raw, True)
        return raw

    def stop(self, to: str, session: str, **how: object) -> bytes:
        """Seal and publish a stop to a stream."""
        seq = self.counter.next(to, "stop")
        raw = keys.order(
            to, seq, messages.Stop(session=session, reason="test"), int(time.time() * 1000), **how
        )
        self.publish(topics.topic(to, topics.ORDER), raw)
        return raw

    def check(self, to: str, what: str) -> bytes:
        """Seal and publish an order to look at oneself to a stream."""
        seq = self.counter.next(to, "check")
        raw = keys.order(to, seq, messages.Check(what=what), int(time.time() * 1000))
        self.publish(topics.topic(to, topics.ORDER), raw)
        return raw

    def kinds(self, pole: str, session: str | None = None) -> list[str]:
        """Kinds of a pole's receipts in the order of their numbers, optionally of one session."""
        mine = self.receipts.get(pole, {})
        return [mine[seq].kind for seq in sorted(mine) if session is None or mine[seq].session == session]

    def receipt(self, pole: str, kind: str, session: str | None = None) -> messages.Receipt | None:
        """The last receipt of a kind."""
        for _, told in sorted(self.receipts.get(pole, {}).items(), reverse=True):
            if told.kind == kind and session in (None, told.session):
                return told
        return None

    def wait_for(
        self, pole: str, kind: str, session: str | None = None, seconds: float = LIMIT_SECONDS
    ) -> messages.Receipt:
        """That receipt, once it has come."""
        return wait_until(lambda: self.receipt(pole, kind, session), f"{kind} of {pole}", seconds)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


# Sessions of tests happen at any hour of the day; the tests of the law set their own rules.
ALL_DAY = messages.Rules(
    quiet_from_minute=0, quiet_to_minute=0, max_session_seconds=3600, sessions_half_day=100
)


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    """Sound that correlates with nothing but itself: s16 at 16 kHz."""
    shape = np.random.default_rng(seed).normal(0, 1, int(seconds * messages.RATE))
    smooth = np.convolve(shape, np.ones(4) / 4, "same")
    return (np.clip(smooth * 9000, -32000, 32000)).astype("<i2")


def encode(samples: np.ndarray) -> bytes:
    """IMA-ADPCM blocks by ffmpeg, without the WAV header."""
    wav = _ffmpeg(
        [
            "-f",
            "s16le",
            "-ar",
            "16000",
            "-ac",
            "1",
            "-i",
            "-",
            "-c:a",
            "adpcm_ima_wav",
            "-block_size",
            "512",
            "-f",
            "wav",
            "-",
        ],
        samples.tobytes(),
    )
    at = wav.index(b"data") + 8
    raw = wav[at:]
    return raw[: len(raw) // messages.BLOCK_BYTES * messages.BLOCK_BYTES]


def decode(raw: bytes) -> np.ndarray:
    """What ffmpeg makes of IMA blocks."""
    header = (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x14\x00\x00\x00\x11\x00\x01\x00"
        + (16000).to_bytes(4, "little")
        + (8055).to_bytes(4, "little")
        + b"\x00\x02\x04\x00\x02\x00\xf9\x03data"
        + len(raw).to_bytes(4, "little")
    )
    out = _ffmpeg(["-f", "wav", "-i", "-", "-f", "s16le", "-"], header + raw)
    return np.frombuffer(out, "<i2")


def ffmpeg_encode(codec: str, samples: np.ndarray) -> bytes:
    """Raw mu-law or PCM by ffmpeg."""
    given = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-"]
    return _ffmpeg([*given, "-f", FFMPEG_FORMATS[codec], "-"], samples.tobytes())


def ffmpeg_decode(codec: str, raw: bytes) -> np.ndarray:
    """What ffmpeg makes of raw mu-law or PCM."""
    given = ["-f", FFMPEG_FORMATS[codec], "-ar", "16000", "-ac", "1", "-i", "-"]
    return np.frombuffer(_ffmpeg([*given, "-f", "s16le", "-"], raw), "<i2")


FFMPEG_FORMATS = {"mulaw": "mulaw", "pcm": "s16le"}


def _ffmpeg(arguments: list[str], given: bytes) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def find(capture: np.ndarray, source: np.ndarray) -> tuple[int, float]:
    """(index in `capture` at which `source` begins, likeness 0–1) by cross-correlation."""
    size = 1 << (len(capture) + len(source)).bit_length()
    left, right = capture.astype(float), source.astype(float)
    product = np.fft.irfft(np.fft.rfft(left, size) * np.conj(np.fft.rfft(right, size)), size)
    at = int(np.argmax(product[: max(1, len(capture))]))
    piece = left[at : at + len(source)]
    power = np.sqrt((piece**2).sum() * (right[: len(piece)] ** 2).sum())
    return at, float((piece * right[: len(piece)]).sum() / power) if power else 0.0
