"""The tables as they were when versions began to be counted: they are there, or made anew."""

from __future__ import annotations

revision, down_revision = "0001", None


def upgrade() -> None:
    """Where everything begins."""
