"""What Alembic runs: the migrations, in the transaction that `omni_memory.database` has begun.

There is no `alembic.ini` and no logging set up here: the program that holds the memory owns its logging.
"""

from __future__ import annotations

from alembic import context
from omni_memory.tables import Base, is_mapped

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_object=is_mapped,
)
with context.begin_transaction():
    context.run_migrations()
