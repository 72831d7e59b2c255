"""The MQTT brokers that the head-end can start itself: NATS from a Python wheel, and Mosquitto.

Both are one `BrokerProcess` to their user: start, stop, restart with the same data, users with rights by
topic.
"""

from headend.adapters.broker.access import BrokerUser, headend_user, pole_user
from headend.adapters.broker.mosquitto import MosquittoBroker
from headend.adapters.broker.nats import NatsBroker
from headend.adapters.broker.process import BrokerFailed, BrokerProcess

__all__ = [
    "BrokerFailed",
    "BrokerProcess",
    "BrokerUser",
    "MosquittoBroker",
    "NatsBroker",
    "headend_user",
    "pole_user",
]
