"""Whose job it is and what it needs, the machine time that was used, and the machines at work."""

from __future__ import annotations

import sqlalchemy as sql
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Add them; processes of the version before, which know nothing of them, go on."""
    for column in (
        sql.Column("user", sql.String(32), nullable=False, server_default=""),
        sql.Column("device", sql.String(4), nullable=False, server_default="auto"),
        sql.Column("gpu", sql.String(64), nullable=False, server_default=""),
        sql.Column("expected", sql.Float, nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)
    op.create_table(
        "usage",
        sql.Column("number", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("job", sql.String(32), nullable=False),
        sql.Column("token", sql.Integer, nullable=False),
        sql.Column("user", sql.String(32), nullable=False),
        sql.Column("began", sql.Float, nullable=False),
        sql.Column("ended", sql.Float, nullable=False),
    )
    for name in ("job", "user"):
        op.create_index(f"ix_usage_{name}", "usage", [name])
    op.create_table(
        "machines",
        sql.Column("name", sql.String(64), primary_key=True),
        sql.Column("beat", sql.Float, nullable=False),
        sql.Column("gpus", sql.Integer, nullable=False),
    )
