"""The head-end's records on SQLite or PostgreSQL: see headend.ports, Transactions and Db."""

from headend.adapters.db.store import Database

__all__ = ["Database"]
