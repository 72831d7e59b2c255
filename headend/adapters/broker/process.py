"""A broker as a child process: started, watched, stopped or killed, and started again with the same data."""

import logging
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path

from headend.adapters.broker.access import PROBE, BrokerUser
from headend.adapters.broker.hello import Door, greets
from headend.adapters.children import die_with_parent

log = logging.getLogger(__name__)

START_LIMIT_SECONDS = 30
STOP_LIMIT_SECONDS = 10
LOOK_EVERY_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


class BrokerFailed(Exception):
    """The broker did not start or did not take a change; the text ends with its own last words."""


class BrokerProcess(ABC):
    """A broker on an address of this machine and a `port` (None: a free one), with its data in `folder`.

    Users may be added at any time. All methods may be called from any thread, but the broker ends with the thread that
    started it: so it never outlives this process, also not after kill -9.
    """

    kind: str
    reloaded: str

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int | None = None):
        self.folder = folder
        self.host = host
        self.port = port or free_port(host)
        self.log_path = folder / "broker.log"
        self._users: dict[str, BrokerUser] = {}
        self._probe = BrokerUser(PROBE, secrets.token_hex(16))
        self._child: subprocess.Popen | None = None
        self._lock = threading.RLock()
        self._wanted = False
        self._watch_ended = threading.Event()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @abstractmethod
    def write_configuration(self) -> None:
        """Write the broker's files for the present users, readable by nobody else."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that starts the broker with those files."""

    def door(self) -> Door:
        """How `start` finds out whether the broker lets clients in."""
        return Door(self.host, self.port, self._probe.name, self._probe.password)

    @property
    def users(self) -> list[BrokerUser]:
        """Everybody who may come in."""
        return [*self._users.values(), self._probe]

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs."""
        return self._child.pid if self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.poll() is None

    def add_user(self, *users: BrokerUser) -> None:
        """Let users in, or change their rights; a running broker takes it at once. Raises BrokerFailed."""
        with self._lock:
            self._users.update({user.name: user for user in users})
            if not self.alive:
                return
            self.write_configuration()
            seen = self.log_path.stat().st_size
            self._child.send_signal(signal.SIGHUP)
            self._wait_until(lambda: self.reloaded in self._log_from(seen), "did not take the new users")

    def start(self) -> None:
        """Start the broker and wait until it lets a client in. Raises BrokerFailed."""
        with self._lock:
            if self.alive:
                return
            self.write_configuration()
            with open(self.log_path, "ab") as output:
                self._child = subprocess.Popen(
                    self.command(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,  # Ctrl-C is for our process, which then stops it in order
                    preexec_fn=die_with_parent,
                )
            self._wanted = True
            self._wait_until(lambda: greets(self.door()), "did not let a client in")

    def stop(self) -> None:
        """End the broker in order, and the watching; it keeps its data."""
        self._end(signal.SIGTERM)
        self._watch_ended.set()  # after that: a broker that the watcher has brought back would die with it at once

    def kill(self) -> None:
        """kill -9, as a power cut would; a watched broker comes back."""
        with self._lock:
            if self.alive:
                self._child.kill()
                self._child.wait()

    def restart(self) -> None:
        """Stop in order and start again on the same port with the same data. Raises BrokerFailed."""
        with self._lock:
            self._end(signal.SIGTERM)
            self.start()

    def watch(self) -> None:
        """Bring the broker back whenever it dies, until `stop`."""
        self._watch_ended.clear()
        threading.Thread(target=self._keep_alive, name=f"{self.kind} watcher", daemon=True).start()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _keep_alive(self) -> None:
        pause = LOOK_EVERY_SECONDS
        while not self._watch_ended.wait(pause):
            pause = LOOK_EVERY_SECONDS
            with self._lock:
                if self.alive or not self._wanted:
                    continue
                log.warning("%s died: starting it again", self.kind)
                try:
                    self.start()
                except BrokerFailed as error:
                    log.error("%s", error)
                    pause = LONGEST_PAUSE_SECONDS

    def _end(self, by: signal.Signals) -> None:
        with self._lock:
            self._wanted = False
            if not self.alive:
                return
            self._child.send_signal(by)
            try:
                self._child.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def _wait_until(self, condition, complaint: str) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not condition():
            if not self.alive or time.monotonic() > deadline:
                self._end(signal.SIGKILL)
                raise BrokerFailed(f"{self.kind} {complaint}: {self._last_words()}")
            time.sleep(0.02)

    def _log_from(self, offset: int) -> str:
        with open(self.log_path, "rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    def _last_words(self) -> str:
        lines = self._log_from(max(0, self.log_path.stat().st_size - 2000)).splitlines()
        return " / ".join(lines[-3:]) or f"it said nothing, see {self.log_path}"


def free_port(host: str) -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as door:
        door.bind((host, 0))
        return door.getsockname()[1]


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read; a reader sees the old text or the new one, never half."""
    unfinished = path.with_name(path.name + ".new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.rename(path)
