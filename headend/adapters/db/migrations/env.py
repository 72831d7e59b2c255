"""Run by Alembic for every command; the connection is given, and its transaction is the caller's."""

from alembic import context

from headend.adapters.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can not alter a table in place
)
context.run_migrations()
