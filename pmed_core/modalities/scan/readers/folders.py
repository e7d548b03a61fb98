"""What the folders of a collection say: labels, patients, splits, and where files merely lie."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from pmed_core.errors import UserError
from pmed_core.reading import Choices, Decision


def listed(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


STORED = listed(
    "image images img imgs imagestr imagests picture pictures pic pics photo photos data "
    "dataset scan scans file files raw original originals png jpg jpeg tif tiff dcm dicom "
    "dicoms nifti nii input inputs x slice slices frame frames export all"
)
DRAWN = listed(
    "mask masks segmentation segmentations seg segs segmented outline outlines contour "
    "contours annotation annotations roi rois gt groundtruth ground truth labelstr labelsts "
    "manual masked"
)
SPLITS = listed("train training val valid validation test testing dev holdout")
FILLERS = listed("set sets split part fold subset")
SERIES = re.compile(
    r"(ser|series|study|studies|scan|visit|session|ses|exam|examination|acq|acquisition|echo|phase|"
    r"timepoint|tp|frame|volume|vol|stack|run)s?[-_ .]*\d*|(19|20)\d\d[-_. ]?\d\d([-_. ]?\d\d)?",
    re.IGNORECASE,
)
PERSON = re.compile(
    r"(patients?|pat|pt|pts|subjects?|subj|sub|sbj|cases?|persons?|participants?|volunteers?|"
    r"proband(en)?|pid|mrn|id|anon\w*)[-_ .#]*[a-z]*[-_ .]*\d+.*|[ps][-_ .#]*\d+.*",
    re.IGNORECASE,
)
GRADED = re.compile(
    r".*(grade|stage|class|type|bi-?rads|pi-?rads|level|score|kl|covid|gleason|cat)[-_ ]*\d+.*",
    re.IGNORECASE,
)
WITHIN = re.compile(r"(?<=[A-Za-z])(?=[A-Z][a-z]{2})")
"""Where a word of three letters or more begins inside of a name."""
TELLING = re.compile(
    r"normal|health|benign|malign|covid|tumou?r|cancer|carcinoma|adenoma|glioma|meningioma|"
    r"pneumon|tubercul|posit|negat|\bill\b|\bwell\b|sick|disease|control|\bcase\b|\byes\b|\bno\b|"
    r"^non|without|absent|present|lesion|nodule|fracture|haemorr|hemorr|bleed|finding|patholog|"
    r"opacity|effusion|infect|stroke|melanom|n(a)?ev|\bpos\b|\bneg\b|dead|alive|event|affected|"
    r"drusen|edema|oedema|retinopath|dementi|stenos",
    re.IGNORECASE,
)
LABELS_AT_MOST = 50
PERSONS_AT_LEAST, FILES_OF_A_PERSON, FILES_OF_A_LABEL = 20, 4, 20
NONE = "none"


@dataclass(frozen=True)
class Folders:
    """One entry a scan, empty where the folders do not say.

    Attributes:
        open: several levels could be the labels, and a person has to say which.
    """

    labels: list[str]
    patients: list[str]
    splits: list[str]
    reading: list[Decision] = field(default_factory=list)
    open: bool = False


def words(part: str) -> tuple[str, ...]:
    """A name in lower-case words; leftMask has two."""
    parted = WITHIN.sub(" ", part).casefold()
    return tuple(word for word in re.split(r"[\W_]+", parted) if word)


def only(part: str, kinds: frozenset[str]) -> bool:
    """Whether a folder's name consists of such words alone, numbers aside."""
    found = [word for word in words(part) if not word.isdigit()]
    return bool(found) and all(word in kinds for word in found)


def is_split(part: str) -> bool:
    """Whether a folder is a part for training, validation or testing, not a label."""
    found = set(words(part))
    return bool(found & SPLITS) and found <= SPLITS | STORED | FILLERS | DRAWN


def telling_parts(name: str) -> tuple[str, ...]:
    """The folders of a scan that may be a label or a patient."""
    parts = PurePosixPath(name).parts[:-1]
    return tuple(p for p in parts if not (only(p, STORED | DRAWN) or is_split(p) or _series(p)))


def one_spelling(values: Iterable[str]) -> dict[str, str]:
    """Value -> the most frequent spelling of those that differ in case and spaces alone."""
    counts = Counter(value for value in values if value)
    best: dict[str, str] = {}
    for value, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        best.setdefault("".join(value.casefold().split()), value.strip())
    return {value: best["".join(value.casefold().split())] for value in counts}


SPELLINGS = ("folded", "as-written")


def merged(
    values: Sequence[str], column: str, choices: Choices
) -> tuple[list[str], list[Decision]]:
    """Labels that differ in case and spaces alone made one, and what to say of it."""
    to = one_spelling(values)
    changed = {value: shown for value, shown in to.items() if value != shown}
    if not changed:
        return list(values), []
    cells = sum(value in changed for value in values)
    said = ", ".join(f"'{value}' as '{shown}'" for value, shown in list(changed.items())[:3])
    if choices.get(f"spelling:{column}") == SPELLINGS[1]:
        sentence = "Labels that differ in case or spaces only were kept apart, as chosen."
        apart = Decision("spelling", SPELLINGS[1], sentence, column, cells, (), SPELLINGS)
        return list(values), [apart]
    decision = Decision(
        "spelling", SPELLINGS[0], f"Labels that differ in case or spaces only are one: {said}.",
        column, cells, tuple(list(changed.items())[:2]), SPELLINGS,
    )  # fmt: skip
    return [to.get(value, value) for value in values], [decision]


def told_by_folders(names: Sequence[str], choices: Choices) -> Folders:
    """Labels, patients and splits by the names of the folders.

    The level that separates best is the label: few values that do not look like patients. Where
    two levels could be it, none is taken, and the decision "folders" names both.
    """
    parts = [telling_parts(name) for name in names]
    depth = max(map(len, parts), default=0)
    raw = [[p[k] if k < len(p) else "" for p in parts] for k in range(depth)]
    levels = [_respelt(level) for level in raw]
    splits = [next((p for p in PurePosixPath(n).parts[:-1] if is_split(p)), "") for n in names]
    found = _chosen(levels, choices)
    reading = [*_split_decision(splits), *found.reading]
    empty = [""] * len(names)
    labels, more = merged(raw[found.label] if found.label is not None else empty, "label", choices)
    persons, said = _persons(levels, found, choices)
    return Folders(labels, persons or empty, splits, reading + more + said, found.open)


@dataclass(frozen=True)
class _Chosen:
    label: int | None
    persons: int | None
    reading: list[Decision]
    open: bool = False


def _respelt(level: list[str]) -> list[str]:
    to = one_spelling(level)
    return [to.get(value, value) for value in level]


def _series(part: str) -> bool:
    return bool(SERIES.fullmatch(part.strip()))


def _kind(level: list[str]) -> str:
    """ "person", "label", "either" or "" of a level that tells nothing apart."""
    values = sorted(set(level) - {""})
    if len(values) < 2:
        return "person" if values and PERSON.fullmatch(values[0]) else ""
    if any(TELLING.search(" ".join(words(value))) for value in values) and not _mostly(
        PERSON, values
    ):
        return "label"
    if _mostly(GRADED, values):
        return "label"
    if _mostly(PERSON, values) or len(values) > LABELS_AT_MOST:
        return "person"
    return _numbered(values) or _by_size(level, values)


def _mostly(pattern: re.Pattern[str], values: list[str]) -> bool:
    return sum(bool(pattern.fullmatch(value)) for value in values) >= 0.8 * len(values)


def _numbered(values: list[str]) -> str:
    """What names with numbers in them are; empty where too few have any."""
    with_digits = [value for value in values if any(c.isdigit() for c in value)]
    if len(with_digits) < 0.8 * len(values):
        return ""
    if all(value.isdigit() for value in values):
        small = all(len(value) == 1 for value in values)
        return "either" if small else "person"
    forms = {re.sub(r"\d+", "#", value) for value in values}
    long = sum(sum(c.isdigit() for c in value) >= 3 for value in values) >= 0.8 * len(values)
    if long or (len(values) >= 3 and len(forms) <= max(1, len(values) // 3)):
        return "person" if long or len(values) > 9 or _padded(values) else "either"
    return ""


def _padded(values: list[str]) -> bool:
    return any(re.search(r"(?<!\d)0\d", value) for value in values)


def _by_size(level: list[str], values: list[str]) -> str:
    """Very many folders with a few files each are people, whatever they are called."""
    sizes = [level.count(value) for value in values]
    many = len(values) > PERSONS_AT_LEAST
    return "person" if many and np.median(sizes) < FILES_OF_A_PERSON else "label"


def _chosen(levels: list[list[str]], choices: Choices) -> _Chosen:
    kinds = [_kind(level) for level in levels]
    persons = next((k for k in reversed(range(len(levels))) if kinds[k] == "person"), None)
    possible = [k for k, kind in enumerate(kinds) if kind == "label"]
    possible = possible or [k for k, kind in enumerate(kinds) if kind == "either"]
    options = (*(str(k + 1) for k in range(len(levels)) if len(set(levels[k])) > 1), NONE)
    wanted = choices.get("folders", "")
    if wanted == NONE:
        return _Chosen(None, persons, [_said(levels, None, options, proved=True)])
    if wanted in options:
        label = int(wanted) - 1
        persons = None if persons == label else persons
        return _Chosen(label, persons, [_said(levels, label, options, proved=True)])
    if wanted:
        raise UserError(
            f"'{wanted[:40]}' is no level of folders that tells scans apart", "",
            f"Choose one of: {', '.join(options)} (1 is the outermost).",
        )  # fmt: skip
    if not possible:
        return _Chosen(None, persons, [])
    best, sure = _best(levels, possible)
    if best is None:
        return _Chosen(None, persons, [_asked(levels, possible, options)], open=True)
    below = [k for k, kind in enumerate(kinds) if kind in ("label", "either") and k > best]
    persons = persons if persons is not None else _below(levels, best, below)
    return _Chosen(best, persons, [_said(levels, best, options, proved=sure)])


def _best(levels: list[list[str]], possible: list[int]) -> tuple[int | None, bool]:
    """The level of the labels, and whether nothing else could be it; None to ask."""
    if len(possible) == 1:
        return possible[0], True
    telling = [
        k for k in possible if any(TELLING.search(" ".join(words(v))) for v in set(levels[k]))
    ]
    if len(telling) == 1:
        return telling[0], False
    if not telling and all(_below(levels, possible[0], [k]) is not None for k in possible[1:]):
        return possible[0], False
    return None, False


def _below(levels: list[list[str]], label: int, others: list[int]) -> int | None:
    """The level whose folders lie below one label each and hold a few files: people."""
    for k in others:
        pairs = {(a, b) for a, b in zip(levels[label], levels[k], strict=True) if b}
        values = {b for _, b in pairs}
        few = np.median([levels[k].count(value) for value in values] or [0]) < FILES_OF_A_LABEL
        if len(pairs) == len(values) and len(values) >= 2 * len(set(levels[label])) and few:
            return k
    return None


def _shown(level: list[str]) -> str:
    values = sorted(set(level) - {""})
    return ", ".join(values[:4]) + " …" * (len(values) > 4)


def _said(
    levels: list[list[str]], label: int | None, options: tuple[str, ...], *, proved: bool
) -> Decision:
    if label is None:
        sentence = "The names of the folders were not taken as labels."
        return Decision("folders", NONE, sentence, options=options, proved=proved)
    sentence = f"The labels are the folders' names: {_shown(levels[label])}."
    files = sum(map(bool, levels[label]))
    return Decision("folders", str(label + 1), sentence, "", files, (), options, proved)


def _asked(levels: list[list[str]], possible: list[int], options: tuple[str, ...]) -> Decision:
    both = " or ".join(f"{_shown(levels[k])} (level {k + 1})" for k in possible[:3])
    return Decision(
        "folders", "", f"Folders of two levels could be the labels: {both}. None was taken.",
        cells=len(levels[0]), options=options, proved=False,
    )  # fmt: skip


def _split_decision(splits: list[str]) -> list[Decision]:
    values = sorted(set(splits) - {""})
    if not values:
        return []
    named = f"The folder {values[0]} is a split" if len(values) == 1 else (
        f"The folders {', '.join(values)} are splits"
    )  # fmt: skip
    count = sum(map(bool, splits))
    return [Decision("splits", "kept", f"{named}, not labels: kept as 'split'.", "", count)]


def _persons(
    levels: list[list[str]], found: _Chosen, choices: Choices
) -> tuple[list[str], list[Decision]]:
    if found.persons is None or len(levels) <= found.persons:
        return [], []
    level = levels[found.persons]
    taken = choices.get("patient-folders", "patients") != NONE
    n = len(set(level) - {""})
    sentence = (
        f"{n:,} {'folder is one patient' if n == 1 else 'folders are one patient each'}: "
        f"{_shown(level)}." if taken
        else "The names of the folders were not taken as patients."
    )  # fmt: skip
    decision = Decision(
        "patient-folders", "patients" if taken else NONE, sentence, "",
        sum(map(bool, level)), (), ("patients", NONE), proved=_kind(level) == "person",
    )  # fmt: skip
    return (level if taken else []), [decision]
