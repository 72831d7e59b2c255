"""docker-compose.yml, read; and its services' command lines as they would be typed outside a container."""

import re
import sys
from collections.abc import Mapping

import yaml

from tests.support.project import ROOT

FILE = ROOT / "docker-compose.yml"
PYTHON_AND_MODULE = [sys.executable, "-m", "headend.cli"]


def services() -> dict[str, dict]:
    """The services by name; anchors are resolved."""
    return yaml.safe_load(FILE.read_text())["services"]


def command_line(service: dict, places: Mapping[str, str]) -> list[str]:
    """What the container of a service runs; `places` maps folders and hosts of the containers to others."""
    words = [*service.get("entrypoint", PYTHON_AND_MODULE), *service["command"]]
    return [relocated(word, places) for word in words]


def environment(service: dict, places: Mapping[str, str]) -> dict[str, str]:
    """The settings of a service."""
    return {name: relocated(text, places) for name, text in service["environment"].items()}


def relocated(text: str, places: Mapping[str, str]) -> str:
    """`text` with each of the `places` in it replaced, where it stands alone or begins a path."""
    hosts_and_folders = "|".join(map(re.escape, places))
    return re.sub(rf"(?<![\w./-])(?:{hosts_and_folders})(?![\w.-])", lambda found: places[found[0]], text)
