"""The reports of several patients of a list, as one file to print."""

from __future__ import annotations

from collections.abc import Sequence

from pages.parts.downloads import download
from pages.parts.words import count
from pmed_core.figures.standing import standing
from pmed_core.service import cohorts, patients
from pmed_core.service.entries import ModelEntry

AT_MOST = 10
"""Each is explained for it, which takes a second or more."""


def reports_button(entry: ModelEntry, label: str, listed: Sequence[str]) -> None:
    """Of all that are ``listed``, or of the first of them; each is about that label."""
    first, one = tuple(listed[:AT_MOST]), entry.modality.listed
    if len(first) < 2:
        return  # of a single one there is the button beside it
    which = "these" if len(first) == len(listed) else "the first"
    download(
        f"Reports of {which} {len(first)} (PDF)", lambda: made(entry, label, first),
        ("reports.pdf", "application/pdf"), f"reports-{entry.id}", type="tertiary",
        icon=":material/picture_as_pdf:",
        help=f"A page or two for each {one}, with reasons; {count(AT_MOST, one)} at most.",
    )  # fmt: skip


def made(entry: ModelEntry, label: str, listed: Sequence[str]) -> bytes:
    """Each is asked about by itself, so that each goes on record."""
    tells = standing(entry.evaluation, label).tells
    pages = []
    for one in listed:
        cells = cohorts.cells(entry.cohort, one)
        found = patients.consult(entry.id, cells, one)
        told = tells and not found.outside
        why = patients.explain(entry.id, cells, label, one) if told else None
        pages.append(patients.reported(entry.id, cells, one, found, why))
    return patients.bound(pages)
