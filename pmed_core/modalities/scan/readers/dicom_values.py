"""Attributes of a DICOM file as plain numbers and words, whatever stands in them."""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

GARBAGE = (
    ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, LookupError,
    NotImplementedError, struct.error,
)  # fmt: skip
"""What pydicom raises where an attribute does not hold what its kind should."""


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def value_of(dataset: Dataset, keyword: str) -> Any:
    """The value as pydicom gives it; None where there is none or it cannot be read."""
    tag = _tag(keyword)
    # Most attributes are absent in most files; to ask for them by keyword takes ten times as long.
    if tag not in dataset.keys():  # noqa: SIM118 - of pydicom's own kind of dictionary
        return None
    try:
        return dataset[tag].value
    except GARBAGE:
        return None


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """All values; empty where there is none, or one that is no finite number."""
    value = value_of(dataset, keyword)
    if value is None or value == "":
        return ()
    try:
        found = tuple(float(one) for one in (value if _several(value) else (value,)))
    except GARBAGE:
        return ()
    return found if all(map(math.isfinite, found)) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value; None where there is none."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def text(dataset: Dataset, keyword: str) -> str:
    """The value as trimmed text; several joined by a backslash."""
    value = value_of(dataset, keyword)
    return "\\".join(words(dataset, keyword)) if _several(value) else str(value or "").strip()


def words(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Each value in capitals and trimmed."""
    value = value_of(dataset, keyword)
    every = value if _several(value) else (value,)
    return tuple(str(one).strip().upper() for one in every if one not in (None, ""))


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent or no sequence."""
    value = value_of(dataset, keyword)
    return [one for one in value if isinstance(one, Dataset)] if _several(value) else []


def _several(value: Any) -> bool:
    # A Sequence is a MultiValue's sibling in pydicom 3; both are iterable, text is not meant.
    return isinstance(value, MultiValue | list | tuple) or type(value).__name__ == "Sequence"
