"""Every service of docker-compose.yml, started with its own command line, outside of containers."""

import contextlib
import getpass
import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from headend.adapters.broker.process import free_port
from headend.adapters.db import Database
from tests.conftest import program
from tests.support import compose
from tests.support.project import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HOST = "127.0.0.1"


class Station:
    """The services of the file, with its folders below one folder, and its hosts and ports on this machine."""

    def __init__(self, folder: Path, database: str):
        self.folder = folder
        self.port, self.broker_port = free_port(HOST), free_port(HOST)
        self.places = {"/loa": str(folder / "loa"), "/deploy": str(folder / "deploy"), "broker": HOST}
        self.places |= {"headend": HOST, "/usr/sbin/mosquitto": str(program("mosquitto").path)}
        self.settings = {
            "LOA_DATABASE": database,
            "LOA_HOST": HOST,
            "LOA_PORT": str(self.port),
            "LOA_BROKER_PORT": str(self.broker_port),
            "LOA_TIME_PORT": str(free_port(HOST)),
        }
        (folder / "loa" / "broker").mkdir(parents=True)
        (folder / "deploy").mkdir()
        (folder / "deploy" / "clusters.json").write_text((ROOT / "deploy" / "clusters.json").read_text())
        configuration = compose.relocated((ROOT / "deploy" / "mosquitto.conf").read_text(), self.places)
        configuration = configuration.replace("listener 1883", f"listener {self.broker_port} {HOST}")
        # Started by root, Mosquitto would become a user who can not read these files.
        configuration = f"user {getpass.getuser()}\n{configuration}"
        (folder / "deploy" / "mosquitto.conf").write_text(configuration)

    def start(self, name: str) -> subprocess.Popen:
        service = compose.services()[name]
        environment = compose.environment(service, self.places) | self.settings
        command = compose.command_line(service, self.places)
        if name == "broker":
            command = [*program("mosquitto").argv[:-1], *command]
        with open(self.folder / f"{name}.log", "wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder / "loa",
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @contextlib.contextmanager
    def running(self, name: str):
        process = self.start(name)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")


def answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(url, timeout=2).status == 200
    return False


def test_the_services_come_up_in_order_and_every_pole_reports(tmp_path, postgres_url, micropython_amd64):
    station = Station(tmp_path, postgres_url)
    wanted = {cluster["id"] for cluster in json.loads((ROOT / "deploy" / "clusters.json").read_text())}
    assert station.start("enrol").wait(60) == 0, station.said("enrol")
    database = Database(postgres_url)
    with station.running("broker"), station.running("headend"):
        wait_until(lambda: answers(f"http://{HOST}:{station.port}/"), "the page", 60)
        with station.running("poles"):
            wait_until(lambda: wanted <= online(database), "every pole", 60)
    database.close()
    assert "Traceback" not in station.said("headend") + station.said("poles")


def online(database: Database) -> set[str]:
    with database.transaction() as db:
        return {state.pole for state, _ in db.pole_states() if state.online}
