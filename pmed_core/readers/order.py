"""Slices of a collection -> the same in the order of the body, volumes apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from pmed_core.readers.slices import Slice

SAME_PLACE_MM = 0.01
DIGITS = re.compile(r"(\d+)")


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key by which IM2 stands before IM10."""
    parts = DIGITS.split(name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts if part)


def arranged(slices: Mapping[str, Slice]) -> dict[str, Slice]:
    """Name -> slice, the slices of a volume next to one another and in their own order.

    By position along the normal; where all lie at one place or none is known, by number; then by
    name. A series that holds a place more than once is parted by what its files tell of echo,
    moment, b-value and orientation, so that volumes do not interleave.
    """
    series: dict[str, list[str]] = defaultdict(list)
    for name, one in slices.items():
        series[one.series or f"\0{name}"].append(name)
    found: dict[str, Slice] = {}
    for names in series.values():
        for number, volume in enumerate(_volumes({name: slices[name] for name in names})):
            for name in _in_order(volume):
                one = volume[name]
                found[name] = replace(one, series=f"{one.series}.{number + 1}") if number else one
    return found


def _volumes(slices: dict[str, Slice]) -> list[dict[str, Slice]]:
    kinds: dict[str, dict[str, Slice]] = defaultdict(dict)
    for name, one in slices.items():
        kinds[one.volume][name] = one
    apart = len(kinds) > 1 and len(_places(slices)) < len(slices)
    return [kinds[kind] for kind in sorted(kinds, key=natural)] if apart else [slices]


def _places(slices: Mapping[str, Slice]) -> set[int]:
    return {round(one.position / SAME_PLACE_MM) for one in slices.values()}


def _in_order(slices: dict[str, Slice]) -> list[str]:
    placed = all(one.placed for one in slices.values()) and len(_places(slices)) > 1

    def place(name: str) -> tuple[float, float, tuple[tuple[int, str], ...]]:
        one = slices[name]
        return (one.position if placed else 0.0, one.number, natural(name))

    return sorted(slices, key=place)
