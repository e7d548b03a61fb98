"""Collections of scans -> Cohort: labels from folders or a table, patients where they are known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcome import Classes, Outcome, YesNo
from pmed_core.readers.collection import Member, members
from pmed_core.readers.decoding import decoded
from pmed_core.readers.delimited import parsed
from pmed_core.readers.dicom import WrittenOn, is_dicom, read_dicom
from pmed_core.readers.images import read_image, read_nifti
from pmed_core.readers.order import arranged
from pmed_core.readers.slices import Slice, Unreadable
from pmed_core.readers.tables import read_table
from pmed_core.scans import Frame, Scans
from pmed_core.variable import Kind, Role, Variable

SCAN, PATIENT, LABEL = "scan", "patient", "label"
MASKS = ("mask", "masks", "segmentation", "segmentations")
TABLES = (".csv", ".tsv")
NEGATIVES = (
    "normal", "negative", "neg", "no", "none", "healthy", "control", "benign", "absent", "0",
    "false", "no finding",
)  # fmt: skip
LABELS_AT_MOST = 50
SHOWN = 5


@dataclass
class _Gathered:
    """What was read so far, with which key, and whether a person looked at it before."""

    key: bytes
    looked_at: bool
    slices: dict[str, Slice] = field(default_factory=dict)
    masks: dict[str, Slice] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    set_aside: int = 0
    removed: Counter[str] = field(default_factory=Counter)


def read_scans(
    path: Path,
    *,
    key: bytes,
    labels: Path | None = None,
    positive: Sequence[str] = (),
    looked_at: bool = False,
) -> Cohort:
    """Read a folder, a ZIP or one file of scans.

    Args:
        key: of the pseudonyms of patients and series.
        labels: a table with a column of files or patients, and one of labels; else the table that
            lies among the scans, else the names of the folders.
        positive: the labels that count as the event.
        looked_at: a person made sure that no name is written into the pixels; then scans of
            modalities where this is common are taken too.

    Raises:
        UserError: where no scan can be read. Single files that cannot be read are skipped and told
            in the notes.
    """
    found = _gathered(members(path), key, looked_at)
    if not found.slices:
        raise _nothing(found, path.name)
    table = read_table(labels).cells if labels else next(iter(found.tables.values()), None)
    told_by = labels.name if labels else next(iter(found.tables), path.name)
    found.slices = arranged(found.slices)
    names = list(found.slices)
    columns = {SCAN: names, PATIENT: [found.slices[name].patient for name in names]}
    columns[LABEL], more = _labels(names, columns[PATIENT], table, told_by)
    if any(more):
        columns[PATIENT] = more
    notes = _notes(found, columns)
    cohort = _cohort(path.name, columns, _packed(found, names), notes)
    if len(set(columns[LABEL]) - {""}) < 2:
        return cohort
    return replace(cohort, outcome=_outcome(columns[LABEL], positive, path.name))


def _gathered(files: Iterator[Member], key: bytes, looked_at: bool) -> _Gathered:
    found = _Gathered(key, looked_at)
    for member in files:
        try:
            _take(member, found)
        except Unreadable as error:
            found.skipped[member.name] = str(error)
        except WrittenOn:
            found.set_aside += 1
    return found


def _take(member: Member, found: _Gathered) -> None:
    path, data = PurePosixPath(member.name), member.read()
    if path.suffix.lower() in TABLES:
        found.tables[member.name] = _table(data, path.name)
        return
    slices = _decoded(data, member.name, found)
    room = found.masks if any(part.lower() in MASKS for part in path.parts[:-1]) else found.slices
    for number, one in enumerate(slices):
        room[f"{member.name}#{number + 1}" if len(slices) > 1 else member.name] = one


def _table(data: bytes, name: str) -> pd.DataFrame:
    try:
        return parsed(decoded(data, name, {})[0], name, {}).cells
    except UserError as error:
        raise Unreadable(f"it is not a table of labels ({error.what})") from error


def _decoded(data: bytes, name: str, found: _Gathered) -> list[Slice]:
    if not data:
        raise Unreadable("it is empty")
    if is_dicom(data) or name.lower().endswith(".dcm"):
        clean = read_dicom(data, found.key, found.looked_at)
        found.removed.update(clean.removed)
        return clean.slices
    if name.lower().endswith((".nii", ".nii.gz")):
        return [replace(one, series=f"S{name}") for one in read_nifti(data)]
    return read_image(data)


def _labels(
    names: list[str], patients: list[str], table: pd.DataFrame | None, where: str
) -> tuple[list[str], list[str]]:
    """The label of each scan, and its patient where the table says so."""
    if table is None:
        folders = [PurePosixPath(name.split("#")[0]).parent.name for name in names]
        return (folders if len(set(folders)) > 1 else [""] * len(names)), []
    keys = {
        "file": [name.split("#")[0] for name in names],
        "name": [PurePosixPath(name.split("#")[0]).name for name in names],
        "stem": [PurePosixPath(name.split("#")[0]).stem for name in names],
        "patient": patients,
    }
    column, kind = _matching(table, keys, where)
    label = _label_column(table, column, where)
    rows = table.astype("str").drop_duplicates(column).set_index(column)
    found = rows.reindex(keys[kind])
    owner = next((c for c in rows.columns if _says_patient(c) and c != label), None)
    return (
        found[label].fillna("").tolist(),
        found[owner].fillna("").tolist() if owner else [],
    )


def _says_patient(column: str) -> bool:
    plain = column.lower().replace("_", " ")
    return plain.startswith(("patient", "subject", "case")) or plain in ("id", "pid")


def _matching(table: pd.DataFrame, keys: dict[str, list[str]], where: str) -> tuple[str, str]:
    """The column and the kind of key that name most scans."""
    best, hits = ("", ""), 0
    for column in table.columns:
        cells = set(table[column].astype("str"))
        for kind, names in keys.items():
            count = sum(name in cells for name in names if name)
            if count > hits:
                best, hits = (str(column), kind), count
    if not hits:
        raise UserError(
            "The labels name none of the scans", where,
            "One column of the table must hold the scans' file names or the patients' ids.",
        )  # fmt: skip
    return best


def _label_column(table: pd.DataFrame, key: str, where: str) -> str:
    others = [str(c) for c in table.columns if c != key]
    named = [c for c in others if c.lower() in ("label", "class", "diagnosis", "finding", "target")]
    plain = [c for c in others if not _says_patient(c)]
    for column in (*named, *plain):
        if 1 < table[column].nunique() <= LABELS_AT_MOST:
            return column
    raise UserError(
        "No column of the labels has between 2 and 50 different values", where,
        "Name the column with the labels 'label'.",
    )  # fmt: skip


def _outcome(labels: list[str], positive: Sequence[str], where: str) -> Outcome:
    known = sorted(set(labels) - {""})
    absent = [label for label in positive if label not in known]
    if absent:
        raise UserError(
            f"No scan has the label '{absent[0]}'", where, f"The labels are: {', '.join(known)}."
        )
    if positive:
        return YesNo(LABEL, tuple(positive))
    if len(known) == 2:
        negative = next((k for k in known if k.lower().replace("_", " ") in NEGATIVES), known[0])
        return YesNo(LABEL, tuple(k for k in known if k != negative))
    return Classes(LABEL, tuple(known))


def _cohort(
    name: str, columns: dict[str, list[str]], scans: Scans, notes: tuple[str, ...]
) -> Cohort:
    table = pd.DataFrame({c: pd.Series(cells, dtype="str") for c, cells in columns.items()})
    labels = tuple(sorted(set(columns[LABEL]) - {""}))
    variables = [
        Variable(SCAN, Kind.SCAN, Role.INPUT),
        Variable(PATIENT, Kind.IDENTIFIER, Role.PATIENT),
        Variable(LABEL, Kind.CATEGORY, Role.OUTCOME, categories=labels),
    ]
    used = [v for v in variables if any(columns[v.name])]
    table = table[[v.name for v in used]].replace("", np.nan)
    return Cohort(name, table.astype("str"), tuple(used), None, notes, scans)


def _packed(found: _Gathered, names: list[str]) -> Scans:
    """All pixels one after the other; masks by the name of the scan they belong to."""
    depths = _depths(found.slices.values())
    by_stem = {PurePosixPath(name).stem: mask for name, mask in found.masks.items()}
    drawn = {
        name: by_stem[PurePosixPath(name).stem]
        for name in names
        if PurePosixPath(name).stem in by_stem
    }
    fitting = {
        name: replace(mask, pixels=_binary(mask.pixels))
        for name, mask in drawn.items()
        if mask.pixels.shape[:2] == found.slices[name].pixels.shape[:2]
    }
    every = [found.slices[name] for name in names] + list(fitting.values())
    starts = np.cumsum([0, *(one.pixels.nbytes + -one.pixels.nbytes % 8 for one in every)])
    data = np.zeros(starts[-1], np.uint8)
    frames = []
    for start, one in zip(starts[:-1].tolist(), every, strict=True):
        kind: Any = one.pixels.dtype.name
        frame = Frame(
            start, one.pixels.shape, kind, one.unit, one.window, one.spacing, one.series,
            depths.get(one.series, one.depth),
        )  # fmt: skip
        data[start : start + frame.size].view(kind).reshape(frame.shape)[...] = one.pixels
        frames.append(frame)
    of_masks = frames[len(names) :]
    return Scans(
        data, dict(zip(names, frames, strict=False)), dict(zip(fitting, of_masks, strict=True))
    )


def _depths(slices: Iterable[Slice]) -> dict[str, float]:
    """Series -> millimetres from slice to slice: slices may overlap, or leave gaps."""
    places: dict[str, list[float]] = defaultdict(list)
    for one in slices:
        if one.series and one.placed:
            places[one.series].append(one.position)
    gaps = {series: np.diff(sorted(set(found))) for series, found in places.items()}
    return {series: float(np.median(gap)) for series, gap in gaps.items() if len(gap)}


def _binary(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    flat = pixels if pixels.ndim == 2 else pixels.max(axis=-1)
    return np.where(flat > 0, 255, 0).astype(np.uint8)


def _notes(found: _Gathered, columns: dict[str, list[str]]) -> tuple[str, ...]:
    notes = []
    if found.skipped:
        first = "; ".join(f"{name}: {why}" for name, why in list(found.skipped.items())[:SHOWN])
        count = len(found.skipped)
        notes.append(
            f"{count:,} {'file was' if count == 1 else 'files were'} skipped ({first}"
            f"{' …' * (count > SHOWN)})."
        )
    if found.set_aside:
        one = found.set_aside == 1
        notes.append(
            f"{found.set_aside:,} {'scan' if one else 'scans'} may show a name in the picture and "
            f"{'was' if one else 'were'} left out. Look at {'it' if one else 'them'}; where there "
            f"is none, bring {'it' if one else 'them'} in again and say so."
        )
    if found.removed:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in found.removed.most_common())
        notes.append(f"Identifiers that were not taken over from DICOM: {kinds}.")
    if not any(columns[PATIENT]):
        notes.append(
            "Nothing says which scans are of the same patient: they may fall on both sides of a "
            "split, and scores may be too good."
        )
    unlabelled = sum(not label for label in columns[LABEL])
    if 0 < unlabelled < len(columns[LABEL]):
        notes.append(f"{unlabelled:,} scans have no label.")
    return tuple(notes)


def _nothing(found: _Gathered, where: str) -> UserError:
    if found.set_aside and not found.skipped:
        return UserError(
            "Every scan may show a name in its picture, so none was kept", where,
            "Look at them; where there is none, bring them in again and say so.",
        )  # fmt: skip
    first = next(iter(found.skipped.items()), None)
    why = f": '{first[0][:80]}' was skipped because {first[1]}" if first else ""
    return UserError(
        f"No scan could be read{why}", where,
        "Give DICOM, PNG, JPEG, TIFF or NIfTI files, one folder for each label.",
    )  # fmt: skip
