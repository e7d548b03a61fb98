"""How much machine time a user may use in a day, where it differs from others'."""

from __future__ import annotations

import sqlalchemy as sql
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Add it; processes of the version before, which know nothing of it, go on."""
    op.add_column("users", sql.Column("hours", sql.Float, nullable=True))
