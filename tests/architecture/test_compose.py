"""docker-compose.yml and the Dockerfile say what is there."""

import re

import pytest

from headend import cli
from tests.support.compose import services
from tests.support.project import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
MOSQUITTO = (ROOT / "deploy" / "mosquitto.conf").read_text()


def test_the_services_of_a_station_are_all_there():
    assert set(services()) == {"database", "enrol", "broker", "headend", "poles"}


@pytest.mark.parametrize("name", ["enrol", "headend", "poles"])
def test_a_service_runs_a_command_that_exists(name):
    assert services()[name]["command"][0] in cli.COMMANDS


def test_a_service_waits_only_for_services_that_exist_and_are_checked():
    for name, service in services().items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services(), name
            assert how["condition"] != "service_healthy" or "healthcheck" in services()[other], name


def test_every_setting_is_one_that_the_head_end_reads():
    known = set(re.findall(r'"(LOA_\w+)"', (ROOT / "headend" / "settings.py").read_text()))
    assert set(services()["headend"]["environment"]) <= known


def test_no_password_is_written_down():
    text = (ROOT / "docker-compose.yml").read_text()
    passwords = [line for line in text.splitlines() if "PASSWORD" in line and not line.strip().startswith("#")]
    assert len(passwords) == 2
    assert all("${LOA_DATABASE_PASSWORD:?" in line for line in passwords)


def test_the_image_holds_only_files_of_the_project():
    copied = [word for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert [name for name in copied if f"!{name}" not in ignore] == []


def test_the_broker_reads_the_files_that_enrol_writes():
    written = (ROOT / "headend" / "commands" / "enrol.py").read_text()
    out = services()["enrol"]["command"][services()["enrol"]["command"].index("--out") + 1]
    for option in ("password_file", "acl_file"):
        path = re.search(rf"^{option} (\S+)$", MOSQUITTO, re.MULTILINE)[1]
        assert path.startswith(out + "/")
        assert f'"{path.rpartition("/")[2]}"' in written
