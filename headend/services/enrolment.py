"""What a pole must hold before it can hang on a street: its name, its key, the root of trust, where to call."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headend.domain.areas import Cluster
from headend.ports import Ports
from protocol import topics


@dataclass(frozen=True)
class Addresses:
    """Where poles find the head-end. `ca` is the file of the broker's certificate authority, or None without TLS."""

    broker_host: str
    broker_port: int
    media: str  # "http://host:port/media"
    time_host: str
    time_port: int
    ca: Path | None = None  # the file of the authority, DER or PEM


def profile(ports: Ports, cluster: Cluster, addresses: Addresses, root_modulus: int,
            sealed_keys: bytes) -> dict[str, Any]:
    """The pole's profile as JSON values. It holds secrets: write it with mode 0600."""
    key = ports.pole_key(cluster.id)
    broker = {"host": addresses.broker_host, "port": addresses.broker_port, "user": cluster.id,
              "password": broker_password(key), "tls": {"ca": str(addresses.ca)} if addresses.ca else False}
    return {
        "pole": cluster.id,
        "groups": groups(cluster),
        "broker": broker,
        "media": addresses.media,
        "time": {"host": addresses.time_host, "port": addresses.time_port},
        "root": f"{root_modulus:x}",
        "keys": sealed_keys.hex(),
        "key": key.hex(),
    }


def groups(cluster: Cluster) -> list[str]:
    """The groups whose plans and orders a cluster follows."""
    return [cluster.commune, topics.EVERYBODY]


def broker_password(pole_key: bytes) -> str:
    """The pole's password at the broker, drawn from its key, which itself never travels."""
    return hashlib.sha256(b"broker\x00" + pole_key).hexdigest()[:32]
