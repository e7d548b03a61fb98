"""What numbers, names and texts out of a file may be: anything else is refused where it is read.

A package that somebody made, or a disk that lost a bit, can hold any of them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pmed_core.errors import UserError

NAME_LENGTH = 200

Name = Annotated[str, Field(max_length=NAME_LENGTH)]
"""Of a model, as lists show it."""
Words = Annotated[str, Field(max_length=20_000)]
"""A sentence or a name out of a file."""
Count = Annotated[int, Field(ge=0, le=10**15)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Duration = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]
"""In seconds."""
Moment = Annotated[float, Field(ge=0, le=250_000_000_000, allow_inf_nan=False)]
"""Seconds since 1970, within the years that a calendar can show."""


def fitting(name: str) -> str:
    """The name where it is short enough, else its beginning."""
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def text_in(data: bytes, of: str, at_most: int, where: str, remedy: str) -> str:
    """The text of an uploaded file ``of`` something to look for; raises ``UserError`` where it is
    larger than that, or is no text in UTF-8."""
    if len(data) > at_most:
        raise UserError(f"The file of {of} is too large", where, "Keep those you look for.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"The file of {of} is no text in UTF-8", where, remedy) from error
