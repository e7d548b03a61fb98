"""What a user may ask about one scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.errors import UserError
from pmed_core.evidence import Evidence, Example, SeriesOutline
from pmed_core.options import ScanOptions
from pmed_core.reports.overlay import (
    SMALL,
    array_png,
    mask_png,
    overlay_png,
    plain_png,
    small_png,
)
from pmed_core.scans import Frame, Scans
from pmed_core.service import models
from pmed_core.service.access import may
from pmed_core.service.cohorts import table
from pmed_core.service.hub import hub
from pmed_core.work import Case, Check, Explain, Outline, Preview, Trust


@dataclass(frozen=True)
class Doubt:
    """A scan, and how likely the model finds the label it has."""

    scan: str
    probability: float


SECONDS, SECONDS_FOR_A_SERIES = 120, 600


@may(Right.ASK)
def names(cohort_id: str, text: str = "", limit: int = 50) -> list[str]:
    """Scans whose name contains the text, in the order of the cohort; the one itself first."""
    wanted = text.strip().casefold()
    found = [name for name in scans_of(cohort_id).frames if wanted in name.casefold()]
    return sorted(found, key=lambda name: name.casefold() != wanted)[:limit]


@may(Right.ASK)
def label(cohort_id: str, name: str) -> str:
    """What the cohort says of the scan; empty where it says nothing."""
    cohort = table(cohort_id)
    if cohort.outcome is None or cohort.scan is None:
        return ""
    found = cohort.table.loc[cohort.table[cohort.scan] == name, cohort.outcome.column].dropna()
    return str(found.iloc[0]) if len(found) else ""


@may(Right.ASK)
def label_of_each(cohort_id: str) -> dict[str, str]:
    """Name -> label of all scans, in the order of the cohort; empty where it says nothing."""
    cohort = table(cohort_id)
    found = dict.fromkeys(scans_of(cohort_id).frames, "")
    if cohort.outcome is None or cohort.scan is None:
        return found
    said = cohort.table[[cohort.scan, cohort.outcome.column]].dropna().astype("str")
    return found | dict(zip(*(said[name] for name in said.columns), strict=True))


@may(Right.ASK, recorded=False)
def labels(cohort_id: str) -> list[str]:
    """All that the cohort's scans have."""
    cohort = table(cohort_id)
    if cohort.outcome is None:
        return []
    return sorted(set(cohort.table[cohort.outcome.column].dropna().astype("str")))


@may(Right.ASK)
def pixels(cohort_id: str, name: str) -> tuple[NDArray[Any], Frame]:
    """(height, width) or (height, width, 3) as read, and what they mean; raises ``UserError``."""
    found = scans_of(cohort_id)
    if name not in found.frames:
        raise UserError(f"There is no scan '{name}'", "", "Pick one from the list.")
    return found.pixels(name), found.frames[name]


@may(Right.ASK)
def examples(cohort_id: str, options: ScanOptions) -> list[tuple[str, list[tuple[str, bytes]]]]:
    """Some scans, each as pictures with what they show: as read, prepared, augmented.

    Raises ``UserError``.
    """
    answer = hub().engine.ask(Preview(cohort_id, options), SECONDS)
    found = []
    for one in from_json(tuple[Example, ...], answer):
        shown, frame = pixels(cohort_id, one.scan)
        pictures = [
            ("As read", plain_png(shown, frame.window)),
            ("Prepared", array_png(one.prepared)),
        ]
        pictures += [("Augmented", array_png(changed)) for changed in one.augmented]
        found.append((one.scan, pictures))
    return found


@may(Right.ASK, recorded=False)
def has_spacing(cohort_id: str, name: str) -> bool:
    """Whether the size of its pixels in millimetres is known."""
    return pixels(cohort_id, name)[1].spacing is not None


@may(Right.ASK)
def check(model_id: str, cohort_id: str, name: str, label: str) -> Trust:
    """Can the evidence on a scan be believed; raises ``UserError``."""
    answer = hub().engine.ask(Check(model_id, Case(cohort=cohort_id, row=name), label), SECONDS)
    return from_json(Trust, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def look(model_id: str, cohort_id: str, name: str, of: str = "") -> Evidence:
    """What the model says of the scan, and where; raises ``UserError``."""
    answer = hub().engine.ask(Explain(model_id, Case(cohort=cohort_id, row=name), of), SECONDS)
    return from_json(Evidence, answer)  # type: ignore[no-any-return]


@may(Right.ASK, recorded=False)
def warm(model_id: str, cohort_id: str) -> None:
    """Load the model before a scan is chosen."""
    if first := names(cohort_id, limit=1):
        hub().engine.warm(Explain(model_id, Case(cohort=cohort_id, row=first[0]), ""))


@may(Right.ASK)
def picture(cohort_id: str, name: str, found: Evidence) -> bytes:
    """The scan with its evidence as PNG."""
    shown, frame = pixels(cohort_id, name)
    return overlay_png(shown, found, frame.window)


def outline(found: Evidence) -> bytes:
    """The model's outline as black and white PNG, in the scan's own pixels."""
    return mask_png(found.outline if found.outline is not None else np.zeros((1, 1), dtype=bool))


@may(Right.ASK)
def slices(cohort_id: str, name: str) -> int:
    """How many slices the series of a scan has, itself included."""
    return len(scans_of(cohort_id).alike(name))


@may(Right.ASK)
def series(model_id: str, cohort_id: str, name: str) -> SeriesOutline:
    """What the model outlines on every slice of the scan's series; raises ``UserError``."""
    answer = hub().engine.ask(Outline(model_id, cohort_id, name), SECONDS_FOR_A_SERIES)
    return from_json(SeriesOutline, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def dicom(model_id: str, cohort_id: str, name: str) -> bytes:
    """The outlines of the whole series as DICOM segmentation, with the slices, as ZIP.

    Raises ``UserError``.
    """
    from pmed_core.reports.dicom import as_zip

    found = series(model_id, cohort_id, name)
    return as_zip(scans_of(cohort_id), found, models.model(model_id).name)


@may(Right.ASK)
def report(model_id: str, cohort_id: str, name: str, found: Evidence) -> bytes:
    """One page about the scan as PDF."""
    # The PDF library is loaded by those who ask for a report, not by everyone who opens a page.
    from pmed_core.reports.scan import ScanPage, scan_report

    entry, (shown, frame) = models.model(model_id), pixels(cohort_id, name)
    made = datetime.now()
    return scan_report(
        ScanPage(entry.name, made, found, entry.evaluation, shown, frame.window, entry.alert)
    )


@may(Right.ASK)
def thumbnail(cohort_id: str, name: str, side: int = SMALL) -> bytes:
    """The scan as a small PNG."""
    shown, frame = pixels(cohort_id, name)
    return small_png(shown, frame.window, side)


@may(Right.ASK)
def doubted(model_id: str, limit: int = 8) -> dict[str, tuple[Doubt, ...]]:
    """The held-out scans whose label the model finds less likely than not, by that label.

    One for each patient, worst first. Empty where the scans are not here any more.
    """
    entry, found = models.model(model_id), hub().store.models.out_of_fold(model_id)
    here = bool(entry.cohort) and hub().store.cohorts.exists(entry.cohort)
    if found is None or not found.rows or not here:
        return {}
    risk = found.value
    if risk.shape[1] == 1:
        risk = np.concatenate([1 - risk, risk], axis=1)
    known = np.flatnonzero(found.observed >= 0)
    own = risk[known, found.observed[known]]
    worst: dict[str, dict[str, Doubt]] = {}
    for row in known[np.argsort(own, kind="stable")]:
        doubt = Doubt(found.rows[row], float(risk[row, found.observed[row]]))
        if doubt.probability >= 0.5:
            break
        of_label = worst.setdefault(label(entry.cohort, doubt.scan), {})
        if len(of_label) < limit:
            of_label.setdefault(found.patients[row], doubt)
    return {name: tuple(by_patient.values()) for name, by_patient in worst.items()}


@may(Right.ASK)
def scans_of(cohort_id: str) -> Scans:
    """The pixels of a cohort; raises ``UserError`` for one of tables."""
    found = hub().store.cohorts.scans(cohort_id)
    if found is None:
        raise UserError("There are no scans in this cohort", "", "Choose a cohort of scans.")
    return found
