"""Tests of the store, on each of the databases it may lie in."""

from __future__ import annotations

from tests.servers.objects import objects
from tests.servers.postgres import database, postgres

__all__ = ["database", "objects", "postgres"]
