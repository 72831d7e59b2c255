"""NATS as MQTT broker: the server's program comes in a Python wheel, so that nothing has to be installed."""

import json
import sysconfig
from pathlib import Path

from headend.adapters.broker.access import BrokerUser
from headend.adapters.broker.process import BrokerProcess, write_private


class NatsBroker(BrokerProcess):
    """NATS 2.15 or newer with MQTT on one port, for a demo or a small site.

    In its first milliseconds it may let a client in before it serves what it retains: poles wait at random
    before they come back. What waits for an absent pole is held in memory and lost when the broker restarts
    (retained messages are not): the head-end sends again what was not acknowledged. `queues_on_disk` keeps
    it, and gives a message to 5000 subscribers in 1.3 s instead of 0.09 s.
    """

    kind = "NATS"
    reloaded = "Reloaded server configuration"

    def __init__(
        self, folder: Path, host: str = "127.0.0.1", port: int | None = None, queues_on_disk: bool = False
    ):
        super().__init__(folder, host, port)
        self.queues_on_disk = queues_on_disk

    def write_configuration(self) -> None:
        write_private(self.folder / "nats.json", json.dumps(self._configuration(), indent=1))

    def command(self) -> list[str]:
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        return [str(program), "--config", str(self.folder / "nats.json")]

    def _configuration(self) -> dict:
        """NATS reads JSON. It wants passwords as they are (or bcrypt, which Python lacks): a private file."""
        return {
            "server_name": "loa",
            "listen": f"{self.host}:-1",  # NATS' own protocol can not be switched off; no user may speak it
            "jetstream": {
                "store_dir": str(self.folder / "jetstream"),
                # Since 2.15 a stream has 1000 consumers at most by default; each QoS 1 subscription is one.
                "limits": {"default_max_consumers": -1},
            },
            "mqtt": {
                "listen": f"{self.host}:{self.port}",
                "consumer_memory_storage": not self.queues_on_disk,
                # What was under way when a client left comes again after this time; 30 s if not set.
                "ack_wait": "5s",
            },
            "authorization": {"users": [user_entry(user) for user in self.users]},
        }


def user_entry(user: BrokerUser) -> dict:
    """A user of NATS with rights by subject."""
    return {
        "user": user.name,
        "password": user.password,
        "allowed_connection_types": ["MQTT"],
        "permissions": {
            "publish": {"allow": subjects(user.write)},
            "subscribe": {"allow": subjects(user.read)},
        },
    }


def subjects(filters: tuple[str, ...]) -> list[str]:
    """NATS subjects for MQTT topic filters: '.' stands for '/'. 'a/#' also means 'a' itself."""
    found = []
    for text in filters:
        if text.endswith("/#"):
            found.append(text[:-2].replace("/", ".").replace("+", "*"))
        found.append(text.replace("/", ".").replace("+", "*").replace("#", ">"))
    return found
