"""Mosquitto as MQTT broker: hashed passwords or client certificates, and rights for each user."""

import base64
import getpass
import hashlib
import secrets
import shutil
import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from headend.adapters.broker.access import PROBE, BrokerUser
from headend.adapters.broker.certs import Authority, Credentials
from headend.adapters.broker.hello import Door
from headend.adapters.broker.process import BrokerProcess, write_private

# Mosquitto's own default. Our passwords are long and random: more rounds would only slow 10,000 reconnects
# down.
PASSWORD_ROUNDS = 101


@dataclass(frozen=True)
class BrokerTls:
    """TLS of a broker: who vouches, the broker's own certificate, and whether clients must show one too.

    With `client_certificates` the common name of a client's certificate is its user name, and no password is
    asked.
    """

    authority: Authority
    server: Credentials
    client_certificates: bool = False


class MosquittoBroker(BrokerProcess):
    """Mosquitto 2. `argv` begins the command that starts it (None: it is on PATH or in /usr/sbin).

    A user's name is taken as its client id, so that no pole can end or take over the session of another; a
    second connection of the same user ends the first.
    """

    kind = "Mosquitto"
    reloaded = "Reloading config."

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int | None = None,
        argv: list[str] | None = None,
        tls: BrokerTls | None = None,
    ):
        super().__init__(folder, host, port)
        self.argv = argv or [installed() or "mosquitto"]
        self.tls = tls

    def write_configuration(self) -> None:
        write_private(self.folder / "passwords", "".join(password_line(user) for user in self.users))
        write_private(self.folder / "rights", "\n".join(rights(user) for user in self.users))
        write_private(self.folder / "mosquitto.conf", "\n".join([*self._general(), *self._listener(), ""]))

    def command(self) -> list[str]:
        return [*self.argv, "-c", str(self.folder / "mosquitto.conf")]

    def door(self) -> Door:
        if self.tls is None:
            return super().door()
        context = ssl.create_default_context(cafile=self.tls.authority.certificate)
        if not self.tls.client_certificates:
            return replace(super().door(), tls=context)
        probe = self.tls.authority.issue_client(PROBE)
        context.load_cert_chain(probe.certificate, probe.key)
        return replace(super().door(), password="", tls=context)

    def _general(self) -> list[str]:
        return [
            "per_listener_settings false",
            f"user {getpass.getuser()}",  # else root's broker becomes another user and can not read its files
            "persistence true",
            f"persistence_location {self.folder}/",
            # Seconds. A killed broker loses what came since: poles tell receipts again, the head-end sends plans
            # again. Saving after each change rewrites all it holds each time: 20,000 receipts took 150 s, not 7.
            "autosave_interval 5",
            "autosave_on_changes false",
            # The defaults (20 and 1000) drop receipts when many poles answer the head-end at once.
            "max_inflight_messages 1000",
            "max_queued_messages 100000",
            "set_tcp_nodelay true",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_type information",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        ]

    def _listener(self) -> list[str]:
        lines = [
            f"listener {self.port} {self.host}",
            "allow_anonymous false",
            "use_username_as_clientid true",
            f"acl_file {self.folder / 'rights'}",
        ]
        if self.tls is None or not self.tls.client_certificates:
            lines.append(f"password_file {self.folder / 'passwords'}")
        if self.tls is not None:
            lines += [
                f"cafile {self.tls.authority.certificate}",
                f"certfile {self.tls.server.certificate}",
                f"keyfile {self.tls.server.key}",
                f"require_certificate {str(self.tls.client_certificates).lower()}",
                f"use_identity_as_username {str(self.tls.client_certificates).lower()}",
            ]
        return lines


def installed() -> str | None:
    """Mosquitto on this machine; Debian keeps it in /usr/sbin, which a user's PATH lacks."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


def password_line(user: BrokerUser) -> str:
    """A line of Mosquitto's password file ("$7$": PBKDF2, SHA-512); nothing for a user without password."""
    if not user.password:
        return ""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", user.password.encode(), salt, PASSWORD_ROUNDS)
    hashed = "$".join(["", "7", str(PASSWORD_ROUNDS), *(base64.b64encode(part).decode() for part in (salt, digest))])
    return f"{user.name}:{hashed}\n"


def rights(user: BrokerUser) -> str:
    """A user's paragraph in Mosquitto's access list. What is not listed is refused."""
    lines = [f"user {user.name}"]
    lines += [f"topic read {text}" for text in user.read]
    lines += [f"topic write {text}" for text in user.write]
    return "\n".join(lines) + "\n"
