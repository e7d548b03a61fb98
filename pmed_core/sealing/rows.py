"""Columns of a database whose cells are encrypted where its home is sealed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Dialect, Engine, Text
from sqlalchemy.types import TypeDecorator

from pmed_core.sealing.files import opened_text, sealed_text
from pmed_core.sealing.streams import Key

KEY = "pmed_key"


def seal(engine: Engine, key: Key | None) -> None:
    """From now on cells are encrypted with that key; None leaves them as they are."""
    setattr(engine.dialect, KEY, key)


class SealedText(TypeDecorator[str]):
    """A text of one column. What is not as it was written is read as None, as nothing else is.

    Args:
        column: in which it stands; in another it does not open.
    """

    impl = Text
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        key: Key | None = getattr(dialect, KEY, None)
        if key is not None and value is not None:
            return sealed_text(key, self.column, value)
        if value is not None and dialect.name != "sqlite":
            # A sentence may quote a cell with a NUL, which PostgreSQL cannot hold.
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        key: Key | None = getattr(dialect, KEY, None)
        if key is None or value is None:
            return value
        with suppress(ValueError):
            return opened_text(key, self.column, value)
        return None
