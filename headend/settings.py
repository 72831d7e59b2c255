"""Settings from the environment (LOA_*), each with a default that runs on one machine without further ado."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """`clock_offset_ms` shifts the head-end's clock: for demonstrations only, pages then say so."""

    data: Path
    host: str
    port: int
    database: str
    broker_host: str
    broker_port: int
    broker_user: str
    broker_ca: Path | None
    time_port: int
    clock_offset_ms: int
    captures: Path | None
    piper_model: Path | None
    piper_program: str | None
    demo: bool

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)


class BadSetting(ValueError):
    """A setting is wrong; the text says which and what is expected."""


def read(env: Mapping[str, str] = os.environ) -> Settings:
    """Raises BadSetting with one sentence."""
    data = Path(env.get("LOA_DATA", ".loa/data")).absolute()
    return Settings(
        data=data,
        host=env.get("LOA_HOST", "127.0.0.1"),
        port=_number(env, "LOA_PORT", 8000),
        database=env.get("LOA_DATABASE", f"sqlite:///{data / 'loa.db'}"),
        broker_host=env.get("LOA_BROKER_HOST", "127.0.0.1"),
        broker_port=_number(env, "LOA_BROKER_PORT", 1883),
        broker_user=env.get("LOA_BROKER_USER", "_headend"),
        broker_ca=_path(env, "LOA_BROKER_CA"),
        time_port=_number(env, "LOA_TIME_PORT", 8123),
        clock_offset_ms=_number(env, "LOA_CLOCK_OFFSET_MS", 0),
        captures=_path(env, "LOA_CAPTURES"),
        piper_model=_path(env, "LOA_PIPER_MODEL"),
        piper_program=env.get("LOA_PIPER_PROGRAM") or None,
        demo=env.get("LOA_DEMO", "") == "1",
    )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {text!r}") from None


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).absolute() if env.get(name) else None
