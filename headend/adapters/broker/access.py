"""Who may read and write which topics. A pole reaches its own and its groups' topics and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol import topics

# Names that no pole can have: a pole's name has no underscore.
HEADEND = "_headend"
PROBE = "_probe"

EVERYTHING = topics.ROOT + "/#"


@dataclass(frozen=True)
class BrokerUser:
    """A user of the broker with the topic filters that it may read and write.

    An empty password means that only a client certificate with this common name lets it in.
    """

    name: str
    password: str = field(repr=False)
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


def headend_user(password: str, name: str = HEADEND) -> BrokerUser:
    """The head-end. Each connection needs a user of its own: Mosquitto takes the user's name as client id."""
    return BrokerUser(name, password, read=(EVERYTHING,), write=(EVERYTHING,))


def pole_user(pole: str, groups: Iterable[str], password: str) -> BrokerUser:
    """One pole: reads its own orders and acknowledgements and its groups, writes its receipts, state and telemetry."""
    stream = topics.pole(pole)
    own = (topics.topic(stream, topics.ORDER), topics.topic(stream, topics.ACK))
    shared = tuple(topics.topic(topics.group(group), "#") for group in groups)
    return BrokerUser(
        name=pole,
        password=password,
        read=own + shared,
        write=tuple(topics.topic(stream, leaf) for leaf in (topics.RECEIPT, topics.STATE, topics.TELEMETRY)),
    )
