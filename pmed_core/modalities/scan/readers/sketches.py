"""Scans made small, and what a collection of them holds: for a look before it is taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from PIL import Image

from pmed_core.cohort import Cohort
from pmed_core.inspection import Sketch
from pmed_core.scans import Scans, grey
from pmed_core.variable import Role

SIDE = 96
LABELS_SHOWN = 6


def some_of_each_label(cohort: Cohort, count: int) -> list[int]:
    """Rows: the first of each label, then one from the middle of each, and so on."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(_labels(cohort)):
        rows[label].append(row)
    each = -(-count // max(1, len(rows)))
    spread = [
        [own[k] for k in np.linspace(0, len(own) - 1, min(each, len(own))).astype(int)]
        for own in rows.values()
    ]
    turns = [own[turn] for turn in range(each) for own in spread if turn < len(own)]
    return turns[:count]


def sketches(cohort: Cohort, scans: Scans, rows: Sequence[int]) -> tuple[Sketch, ...]:
    """Those scans at most 96 pixels a side, each with its outline."""
    if cohort.scan is None:
        return ()
    return tuple(_sketch(scans, str(cohort.table[cohort.scan].iloc[row])) for row in rows)


def _sketch(scans: Scans, name: str) -> Sketch:
    frame, mask = scans.frames[name], scans.mask(name)
    image = Image.fromarray(grey(scans.pixels(name), frame.window))
    image.thumbnail((SIDE, SIDE))
    drawn = None
    if mask is not None:
        small = Image.fromarray(mask).resize(image.size, Image.Resampling.BOX)
        drawn = np.asarray(small) > 0
    return Sketch(np.asarray(image), drawn)


def holds(cohort: Cohort, scans: Scans) -> tuple[str, ...]:
    """How many series, patients, labels and outlines there are."""
    series = Counter(frame.series for frame in scans.frames.values() if frame.series)
    of_several = sum(count > 1 for count in series.values())
    patients = next((v.name for v in cohort.variables if v.role is Role.PATIENT), None)
    persons = cohort.table[patients].nunique() if patients else 0
    told = []
    if of_several:
        told.append(f"{of_several:,} series of several slices")
    if persons:
        told.append(f"{persons:,} {'patient' if persons == 1 else 'patients'}")
    labels = Counter(label for label in _labels(cohort) if label)
    told += [f"{label} ({count:,})" for label, count in labels.most_common(LABELS_SHOWN)]
    if len(labels) > LABELS_SHOWN:
        told.append(f"{len(labels) - LABELS_SHOWN:,} more labels")
    if not labels:
        told.append("no labels")
    if scans.masks:
        told.append(f"{len(scans.masks):,} with an outline")
    return tuple(told)


def _labels(cohort: Cohort) -> list[str]:
    column = next((v.name for v in cohort.variables if v.role is Role.OUTCOME), None)
    if column is None:
        return [""] * len(cohort)
    return [str(label) for label in cohort.table[column].fillna("")]
