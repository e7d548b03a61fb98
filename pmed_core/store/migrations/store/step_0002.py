"""On which machine a job runs: how many run at once is for each machine to say."""

from __future__ import annotations

import sqlalchemy as sql
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Add it; processes of the version before, which know nothing of it, go on."""
    op.add_column("jobs", sql.Column("machine", sql.String(64), nullable=False, server_default=""))
