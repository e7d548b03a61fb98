"""Slices of a collection -> the same in the order of the body, volumes apart."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pmed_core.modalities.scan.readers.slices import Remark, Slice
from pmed_core.reading import Decision

SAME_PLACE_MM = 0.01
DIGITS = re.compile(r"(\d+)")
Slices = dict[str, Slice]
BY_NUMBER: Remark = (
    "by-number",
    "The slices of a series say no place of their own: they are in order of their numbers.",
)  # fmt: skip
BY_NAME: Remark = (
    "by-name", "The slices of a series say neither place nor number: they are in order of names."
)  # fmt: skip
APART: Remark = (
    "volumes",
    "A series holds more than one volume (moments, echoes, b-values, planes, films, patients, or "
    "files that say no place): they are kept apart.",
)  # fmt: skip


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key by which IM2 stands before IM10."""
    parts = DIGITS.split(name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts if part)


ORDERS = ("position", "number", "name")
"""What the slices of a volume may be in order of."""


def arranged(slices: Mapping[str, Slice], wanted: str = "") -> Slices:
    """Name -> slice, the slices of a volume next to one another and in their own order.

    By position along the normal; where all lie at one place or none is known, by number; then by
    name. Slices of different planes are different volumes, and a series that holds its places
    several times is parted by what its files tell of moment, echo and b-value, so that volumes do
    not interleave.

    Args:
        wanted: "number" or "name" where a person decided so.
    """
    series: dict[str, Slices] = defaultdict(dict)
    for name, one in slices.items():
        series[one.series or f"\0{name}"][name] = one
    found: Slices = {}
    for whole in series.values():
        volumes = _volumes(whole)
        for number, volume in enumerate(volumes):
            for name, one in _in_order(volume, wanted).items():
                found[name] = _apart(one, number) if len(volumes) > 1 else one
    return found


def _apart(one: Slice, number: int) -> Slice:
    return replace(
        one, series=f"{one.series}.{number + 1}" if number else one.series,
        remarks=(*one.remarks, APART),
    )  # fmt: skip


def _volumes(whole: Slices) -> list[Slices]:
    """Patients and planes apart, and what says no place, each film for itself; then by each
    attribute that explains repetitions."""
    parts = _parted(whole, _kind)
    for kind in range(max((len(one.volume) for one in whole.values()), default=0)):
        parts = [finer for part in parts for finer in _explained(part, kind)]
    return [finer for part in parts for finer in _dealt(part)]


def _kind(name: str, one: Slice) -> tuple[str, ...]:
    plane = one.plane if one.placed else "without a place"
    return one.patient, one.file if one.film else "", plane


def _parted(whole: Slices, by: Callable[[str, Slice], tuple[str, ...]]) -> list[Slices]:
    """In natural order of what tells them apart."""
    kinds: dict[tuple[str, ...], Slices] = defaultdict(dict)
    for name, one in whole.items():
        kinds[by(name, one)][name] = one
    return [kinds[kind] for kind in sorted(kinds, key=lambda kind: [*map(natural, kind)])]


def _explained(part: Slices, kind: int) -> list[Slices]:
    """By an attribute that has no more values than a place has slices: not by one that counts."""
    most = _most(part.values())
    if most < 2:
        return [part]
    finer = _parted(part, lambda _, one: one.volume[kind : kind + 1])
    helps = max(_most(one.values()) for one in finer) < most
    return finer if len(finer) <= most and helps else [part]


def _dealt(part: Slices) -> list[Slices]:
    """Where every place is there equally often and nothing says why: the first of each place by
    number, then the second."""
    places: dict[int, list[str]] = defaultdict(list)
    for name in sorted(part, key=lambda name: (part[name].number, natural(name))):
        if part[name].placed:
            places[_place(part[name])].append(name)
    often = {len(names) for names in places.values()}
    if len(places) < 2 or often == {1} or len(often) > 1 or _numbers(part) < len(part):
        return [part]
    return [
        {names[turn]: part[names[turn]] for names in places.values()} for turn in range(often.pop())
    ]


def _most(slices: Iterable[Slice]) -> int:
    """How many slices the fullest place holds; 1 where there is a single place, as of a film."""
    places = Counter(_place(one) for one in slices if one.placed)
    return max(places.values()) if len(places) > 1 else 1


def _place(one: Slice) -> int:
    return round(one.position / SAME_PLACE_MM)


def _numbers(part: Slices) -> int:
    return len({one.number for one in part.values()})


def order_said(slices: Mapping[str, Slice], wanted: str) -> list[Decision]:
    """By what the slices of series are in order; nothing where there is none, as of films."""
    sizes = Counter(one.series for one in slices.values() if one.series and not one.film)
    several = {series for series, count in sizes.items() if count > 1}
    if not several:
        return []
    rules = {
        remark[0] for one in slices.values() if one.series in several for remark in one.remarks
    }
    found = "name" if BY_NAME[0] in rules else "number" if BY_NUMBER[0] in rules else ORDERS[0]
    value = wanted if wanted in ORDERS[1:] else found
    how = {"number": "their numbers", "name": "their names"}.get(
        value, "their places in the body"
    ) + (", as chosen" if value == wanted else "")
    files = sum(sizes[series] for series in several)
    sentence = f"The slices of {len(several):,} series are in order of {how}."
    if len(several) > 1 and value == found != ORDERS[0]:
        sentence = (
            f"The slices of {len(several):,} series are in order of their places in the body; "
            f"where these are not known, of {how}."
        )
    proved = value in (wanted, ORDERS[0])
    return [Decision("order", value, sentence, "", files, (), ORDERS, proved)]


def _in_order(volume: Slices, wanted: str) -> Slices:
    if wanted == "name":
        return {name: volume[name] for name in sorted(volume, key=natural)}
    if wanted == "number":
        numbered = sorted(volume, key=lambda name: (volume[name].number, natural(name)))
        return {name: volume[name] for name in numbered}
    places = {_place(one) for one in volume.values()}
    placed = all(one.placed for one in volume.values()) and len(places) > 1

    def place(name: str) -> tuple[float, float, tuple[tuple[int, str], ...]]:
        one = volume[name]
        return (one.position if placed else 0.0, one.number, natural(name))

    names = sorted(volume, key=place)
    several = len({one.file or name for name, one in volume.items()}) > 1
    if placed or not several or not any(volume[name].series for name in names):
        return {name: volume[name] for name in names}
    said = BY_NUMBER if _numbers(volume) > 1 else BY_NAME
    return {name: replace(volume[name], remarks=(*volume[name].remarks, said)) for name in names}
