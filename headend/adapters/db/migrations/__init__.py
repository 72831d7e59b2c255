"""How the tables came to be, step by step (Alembic). A new step is a new file in `versions`."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_ALONE = threading.Lock()  # Alembic keeps its context in module variables


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the tables to a version, within the transaction that the connection is in."""
    with _ALONE:
        command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str = "base") -> None:
    """Go back to a version, within the transaction that the connection is in; "base" has no tables."""
    with _ALONE:
        command.downgrade(_config(connection), to)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
