"""Alembic asks this file how to run; the connection comes from `drb.migrate`."""

from alembic import context

from drb.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
