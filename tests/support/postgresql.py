"""A PostgreSQL server of one's own: made in a temporary folder, on a free port, gone when stopped.

PostgreSQL refuses to run as root; started by root, it runs as the user "nobody".
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from headend.adapters.broker.process import free_port
from simulator.programs import require

UNPRIVILEGED = "nobody"
OWNER = "loa"
LIMIT_SECONDS = 60
HOST = "127.0.0.1"


class PostgresFailed(Exception):
    """The server could not be made or started; the text ends with its own last words."""


class PostgresServer:
    """A server on the loopback; `start` makes it, `stop` removes it with all its data.

    What is committed survives a kill of the server, but not a power cut: it does not wait for the disk.
    Raises Missing, PostgresFailed.
    """

    def __init__(self):
        self.port = free_port(HOST)
        self._password = secrets.token_hex(16)
        self._folder: Path | None = None
        self._server: subprocess.Popen | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._server.pid if self._server is not None and self._server.poll() is None else None

    def start(self) -> None:
        """Make the data folder and start the server; returns when it answers."""
        initdb, postgres = require("initdb"), require("postgres")
        self._folder = Path(tempfile.mkdtemp(prefix="loa-postgresql-"))
        secret = self._folder / "password"
        secret.write_text(self._password)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(UNPRIVILEGED)
            for path in (self._folder, secret):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        self._data = self._folder / "data"
        login = ["--username", OWNER, "--pwfile", str(secret), "--auth", "scram-sha-256"]
        making = [
            *initdb.argv,
            "--pgdata",
            str(self._data),
            *login,
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ]
        if self._spawn([*making, "--no-sync"]).wait(LIMIT_SECONDS) != 0:
            raise PostgresFailed(f"PostgreSQL's data could not be made: {self._last_words()}")
        settings = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server = self._spawn([*postgres.argv, "-D", str(self._data), *options])
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server, whoever is still connected, and remove its data."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self) -> str:
        """Make an empty database and give its address, as SQLAlchemy writes it."""
        name = f"loa_{secrets.token_hex(6)}"
        self._run_sql(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{OWNER}:{self._password}@{HOST}:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run_sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _run_sql(self, statement: str) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=OWNER,
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _spawn(self, command: list[str]) -> subprocess.Popen:
        as_nobody = {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid, "extra_groups": []}
        with open(self._folder / "log", "ab") as output:
            return subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **(as_nobody if os.geteuid() == 0 else {}),
            )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while self._server.poll() is None and time.monotonic() < deadline:
            try:
                return self._connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
        words = self._last_words()
        self.stop()
        raise PostgresFailed(f"PostgreSQL did not start: {words}")

    def _last_words(self) -> str:
        return " / ".join((self._folder / "log").read_text(errors="replace").splitlines()[-3:])
