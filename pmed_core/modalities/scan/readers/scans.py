"""Collections of scans -> Cohort: labels from folders or a table, patients where they are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.account import LOOKED_AT, account, notes_of, nothing
from pmed_core.modalities.scan.readers.drawn_segments import of_segmentations, two_outlines
from pmed_core.modalities.scan.readers.folders import Folders, told_by_folders
from pmed_core.modalities.scan.readers.gathering import LETTERS, Gathered, gathered
from pmed_core.modalities.scan.readers.label_tables import NO_MATCH, Match, Pseudonym, match
from pmed_core.modalities.scan.readers.labels import Told, told_by_table
from pmed_core.modalities.scan.readers.order import arranged, order_said
from pmed_core.modalities.scan.readers.outlines import Drawn, paired
from pmed_core.modalities.scan.readers.slices import Slice
from pmed_core.outcomes import Classes, Outcome, YesNo
from pmed_core.readers.events import event_of
from pmed_core.readers.table import Table
from pmed_core.readers.tables import read_table, refuse_unknown
from pmed_core.reading import Choices, Decision
from pmed_core.scans import Frame, Scans
from pmed_core.variable import Kind, Role, Variable

SCAN, PATIENT, LABEL, SPLIT = "scan", "patient", "label", "split"
FROM, FOLDERS = "labels-from", "folders"
"""The decision which of the tables, or the folders, tell the labels."""
NOTHING: Choices = MappingProxyType({})


@dataclass(frozen=True)
class _Columns:
    """What is known of each scan, one entry each, and how it was told."""

    labels: list[str]
    patients: list[str]
    splits: list[str]
    beside: pd.DataFrame
    variables: tuple[Variable, ...] = ()
    reading: list[Decision] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def read_scans(  # noqa: PLR0913 - what a caller may say about a collection, each by name
    path: Path,
    *,
    key: bytes,
    labels: Path | None = None,
    positive: Sequence[str] = (),
    looked_at: bool = False,
    choices: Choices = NOTHING,
) -> Cohort:
    """Read a folder, a ZIP or one file of scans.

    Args:
        key: of the pseudonyms of patients and series.
        labels: a table with a column of files, patients or UIDs, and one of labels; else the table
            that lies among the scans, else the names of the folders.
        positive: the labels that count as the event.
        looked_at: a person made sure that no name is written into the pixels; then scans of
            modalities where this is common are taken too.
        choices: decisions of the reader that are overruled, by key.

    Raises:
        UserError: where no scan can be read. Single files that cannot be read are skipped and told
            in the account; where it cannot be told what the labels are, the cohort has no outcome
            and the account has a decision without value.
    """
    refuse_unknown(choices, path.name)
    looked_at = looked_at or choices.get("looked-at") == LOOKED_AT[1]
    found = gathered(path, key, looked_at, choices)
    if not found.slices:
        raise nothing(found, path.name)
    order = choices.get("order", "")
    found.slices = arranged(found.slices, order)
    names = list(found.slices)
    known = _known(found, names, read_table(labels, choices, ()) if labels else None, choices)
    fitting = paired(
        found.slices, Drawn(found.drawn, found.places, frozenset(found.lossy)), found.places,
        choices,
    )  # fmt: skip
    segments, said = of_segmentations(found.segmented, found.slices)
    said += two_outlines(segments.keys() & fitting.outlines.keys())
    reading = (
        *account(found), *known.reading, *fitting.reading, *said, *order_said(found.slices, order)
    )  # fmt: skip
    notes = (*notes_of(found, known.labels, known.patients), *known.notes)
    cohort = _cohort(path.name, names, known, _packed(found.slices, segments | fitting.outlines))
    cohort = replace(cohort, notes=notes, reading=reading)
    if len(set(known.labels) - {""}) < 2:
        return cohort
    outcome, decision = _outcome(known.labels, positive, choices, path.name)
    return replace(cohort, outcome=outcome, reading=(*reading, decision))


def _known(found: Gathered, names: list[str], given: Table | None, choices: Choices) -> _Columns:
    """Labels and patients by a table where one names scans, by folders where none does."""
    folders = told_by_folders(names, choices)
    ids = {kind: [found.ids.get(name, {}).get(kind, "") for name in names] for kind in LETTERS}
    table, told_by, said = _table(found, names, ids, given, folders, choices)
    if table is None:
        empty = Told(folders.labels, [""] * len(names), pd.DataFrame(index=range(len(names))))
        told, reading = empty, folders.reading
    else:
        told = told_by_table(table, told_by, choices)
        reading = [one for one in folders.reading if one.rule in ("splits", "patient-folders")]
    patients, whose = _patients([found.slices[n].patient for n in names], told, folders, found.key)
    reading = [d for d in reading if d.rule != "patient-folders" or patients == folders.patients]
    return _Columns(
        told.labels, patients, folders.splits, told.beside, told.variables,
        [*said, *told.reading, *reading, *whose], told.notes,
    )  # fmt: skip


def _table(  # noqa: PLR0913 - all that may speak of labels
    found: Gathered, names: list[str], ids: Mapping[str, list[str]], given: Table | None,
    folders: Folders, choices: Choices,
) -> tuple[Table | None, Match, list[Decision]]:  # fmt: skip
    """The table that names most scans, or the one that was chosen; none for the folders. Raises
    ``UserError`` where there is one, but none names a scan and the folders tell nothing either."""
    tables = {"--labels": given} if given is not None else dict(found.tables)
    wanted = choices.get(FROM, "") if given is None else ""
    if wanted not in ("", FOLDERS, *tables):
        raise UserError(
            f"There is no table '{wanted}' among the scans", given.name if given else "",
            f"Choose one of: {', '.join([*tables, FOLDERS])}.",
        )  # fmt: skip
    made = {kind: Pseudonym(letter, found.key) for kind, letter in LETTERS.items()}
    paths = [found.slices[name].file for name in names]
    matches = {name: match(one.cells, paths, ids, made) for name, one in tables.items()}
    telling = [name for name in tables if matches[name].hits]
    if not tables or wanted == FOLDERS:
        return None, NO_MATCH, _told_from(FOLDERS, telling, list(tables)) if tables else []
    best = wanted or max(tables, key=lambda name: matches[name].hits)
    if not matches[best].hits:
        if given is not None or wanted or len(set(folders.labels)) < 2:
            files = matches[best].files
            unclear = sorted(files.ambiguous) if files else []
            several = f": several are called '{unclear[0]}'" if unclear else ""
            raise UserError(
                f"The labels name none of the scans{several}", tables[best].name,
                "One column of the table must hold the scans' file names, or the ids of DICOM "
                "patients, studies or series, each written exactly as it is (001 is not 1).",
            )  # fmt: skip
        return None, NO_MATCH, _told_from(FOLDERS, telling, list(tables))
    said = _told_from(best, telling, list(tables)) if given is None else []
    if len(set(folders.labels) - {""}) < 2 and len(tables) == 1:
        said = []
    return tables[best], matches[best], said


def _told_from(best: str, telling: Sequence[str], tables: list[str]) -> list[Decision]:
    """Which table tells the labels, or that the folders do, and which tables were left out."""
    others = [name for name in tables if name != best]
    told = "the names of the folders" if best == FOLDERS else f"the table {best}"
    sentence = f"What is known of the scans was told by {told}."
    if others:
        one = len(others) == 1
        sentence = (
            f"{sentence.removesuffix('.')}; {len(others):,} {'table' if one else 'tables'} among "
            f"the scans {'was' if one else 'were'} not used ({', '.join(others[:3])}"
            f"{' …' * (len(others) > 3)})."
        )
    options = tuple(dict.fromkeys((*telling, FOLDERS)))
    return [Decision(FROM, best, sentence, "", len(others), (), options, proved=False)]


def _patients(
    own: list[str], told: Told, folders: Folders, key: bytes
) -> tuple[list[str], list[Decision]]:
    """Whose scan each is: by DICOM, else by the table, else by the folders.

    Beside DICOM files the ids of tables and folders become pseudonyms as well. A DICOM id that
    all files share tells nobody apart.
    """
    by_table = any(told.patients)
    others = told.patients if by_table else folders.patients
    if not any(own):
        return others, [_told_by(told)] if by_table else []
    apart = len(set(own) - {""}) > 1 or len(set(others) - {""}) < 2
    made = [Pseudonym("P", key)(other) for other in others]
    where = "the table" if by_table else "the folders"
    if apart:
        said = _disagree(own, made, where)
        if by_table and "" in own:
            said = [_told_by(told), *said]
        return [one or other for one, other in zip(own, made, strict=True)], said
    sentence = f"All DICOM files have the same patient id, so patients were told by {where}."
    told_by = [other or one for other, one in zip(made, own, strict=True)]
    return told_by, [Decision("patients-by", where, sentence, "", len(own), proved=False)]


def _told_by(told: Told) -> Decision:
    torn = (
        f" {told.torn:,} {'scan has' if told.torn == 1 else 'scans have'} rows of several patients:"
        " the first was taken." if told.torn else ""
    )  # fmt: skip
    n, column = len(set(told.patients) - {""}), told.patient_column
    sentence = f"Patients were told by the column '{column}' of the table: {n:,} of them.{torn}"
    return Decision("patients-by", column, sentence, "", sum(map(bool, told.patients)),
                    proved=not torn)  # fmt: skip


def _disagree(own: list[str], others: list[str], where: str) -> list[Decision]:
    """What is said where the ids of DICOM files and those of another place do not tell the same
    scans apart."""
    pairs = {(a, b) for a, b in zip(own, others, strict=True) if a and b}
    if len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
        return []
    sentence = (
        f"The DICOM files and {where} do not agree which scans are of one patient: the ids of the "
        "DICOM files were taken."
    )
    return [Decision("patients-by", "DICOM", sentence, "", len(pairs), proved=False)]


def _outcome(
    labels: list[str], positive: Sequence[str], choices: Choices, where: str
) -> tuple[Outcome | None, Decision]:
    """The outcome; None where two labels do not say which of them is the event."""
    known = sorted(set(labels) - {""})
    wanted = choices.get(f"event:{LABEL}", "")
    # A label may itself hold the word that joins several.
    parts = [wanted] if wanted in known else [v for v in wanted.split(" or ") if v]
    chosen = list(positive) or parts
    absent = [label for label in chosen if label not in known]
    if absent:
        raise UserError(
            f"No scan has the label '{absent[0]}'", where, f"The labels are: {', '.join(known)}."
        )
    counts = ", ".join(f"{label} ({labels.count(label):,})" for label in known[:6])
    if not chosen and len(known) > 2:
        sentence = f"Each label is a class: {counts}{' …' * (len(known) > 6)}."
        return Classes(LABEL, tuple(known)), Decision(
            "event", "*", sentence, LABEL, len(labels), options=("*", *known)
        )
    why = "as chosen"
    if not chosen:
        told = event_of(known)
        if told is None:
            sentence = f"The words of the labels {counts} do not say which of them is the event."
            return None, Decision(
                "event", "", sentence, LABEL, len(labels), options=tuple(known), proved=False
            )
        chosen, why = [told[0]], f"because {told[1]}"
    rest = [label for label in known if label not in chosen]
    if not rest:
        raise UserError("Every label counts as the event", where, "Leave at least one out.")
    sentence = f"{' or '.join(chosen)} counts as the event, {why}; {', '.join(rest)} does not."
    return YesNo(LABEL, tuple(chosen), negative=tuple(rest)), Decision(
        "event", " or ".join(chosen), sentence, LABEL,
        sum(label in chosen for label in labels), options=tuple(known),
    )  # fmt: skip


def _cohort(name: str, names: list[str], known: _Columns, scans: Scans) -> Cohort:
    columns = {SCAN: names, PATIENT: known.patients, LABEL: known.labels, SPLIT: known.splits}
    table = pd.DataFrame({c: pd.Series(cells, dtype="str") for c, cells in columns.items()})
    labels = tuple(sorted(set(known.labels) - {""}))
    splits = tuple(sorted(set(known.splits) - {""}))
    variables = [
        Variable(SCAN, Kind.SCAN, Role.INPUT),
        Variable(PATIENT, Kind.IDENTIFIER, Role.PATIENT),
        Variable(LABEL, Kind.CATEGORY, Role.OUTCOME, categories=labels),
        Variable(SPLIT, Kind.CATEGORY, Role.IGNORE, categories=splits, reason="a folder's name"),
    ]
    used = [v for v in variables if any(columns[v.name])]
    table = table[[v.name for v in used]].replace("", np.nan).astype("str")
    beside = known.beside[[v.name for v in known.variables]]
    whole = pd.concat([table, beside], axis=1)
    return Cohort(name, whole, (*used, *known.variables), scans=scans)


def _packed(slices: dict[str, Slice], outlines: Mapping[str, NDArray[np.uint8]]) -> Scans:
    """All pixels one after the other; outlines by the name of the scan they belong to.

    The slices get the packed pixels, so that none is held twice for longer than it is copied.
    """
    depths = _depths(slices.values())
    drawn = {name: replace(slices[name], pixels=white) for name, white in outlines.items()}
    sizes = [one.pixels.nbytes for one in (*slices.values(), *drawn.values())]
    starts = np.cumsum([0, *(size + -size % 8 for size in sizes)]).tolist()
    data = np.zeros(starts[-1], np.uint8)

    def packed(several: dict[str, Slice], starts: list[int]) -> dict[str, Frame]:
        frames = {}
        for start, name in zip(starts, several, strict=True):
            one = several[name]
            kind: Any = one.pixels.dtype.name
            frames[name] = frame = Frame(
                start, one.pixels.shape, kind, one.unit, one.window, one.spacing, one.series,
                depths.get(one.series, one.depth), one.toward, one.projected,
            )  # fmt: skip
            place = data[start : start + frame.size].view(kind).reshape(frame.shape)
            place[...] = one.pixels
            several[name] = replace(one, pixels=place)
        return frames

    count = len(slices)
    return Scans(data, packed(slices, starts[:count]), packed(drawn, starts[count:-1]))


def _depths(slices: Iterable[Slice]) -> dict[str, float]:
    """Series -> millimetres from slice to slice: slices may overlap, or leave gaps."""
    places: dict[str, list[float]] = defaultdict(list)
    for one in slices:
        if one.series and one.depth is not None:
            places[one.series].append(one.position)
    gaps = {series: np.diff(sorted(set(found))) for series, found in places.items()}
    return {series: float(np.median(gap)) for series, gap in gaps.items() if len(gap)}
