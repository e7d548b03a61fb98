"""What the account and the notes say of the files of a collection."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.gathering import Gathered, file_names
from pmed_core.reading import Decision

LOOKED_AT = ("left out", "taken")
"""What becomes of pictures that may show a name."""


def account(found: Gathered) -> list[Decision]:
    """Files that were skipped or set aside, by reason, and what was done to pixels."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, why in found.skipped.items():
        by_reason[why].append(name)
    reading = [
        Decision(
            "skipped", "skipped", f"{_files(names)} skipped: {why} ({file_names(names)}).", "",
            len(names),
        )
        for why, names in by_reason.items()
    ]  # fmt: skip
    reading += [
        Decision(
            "set-aside", kind, f"{_files(names)} left out as {kind}, not a scan "
            f"({file_names(names)}).", "", len(names),
        )
        for kind, names in found.aside.items()
    ]  # fmt: skip
    if found.set_aside:
        one = len(found.set_aside) == 1
        sentence = (
            f"{_files(found.set_aside)} left out because the picture may show a name "
            f"({file_names(found.set_aside)}). Look at {'it' if one else 'them'} first; where "
            f"there is none, {'it' if one else 'they'} may be taken."
        )
        reading.append(
            Decision(
                "looked-at", LOOKED_AT[0], sentence, "", len(found.set_aside), (), LOOKED_AT,
                proved=False,
            )
        )  # fmt: skip
    if not found.set_aside and found.choices.get("looked-at") == LOOKED_AT[1]:
        reading.append(
            Decision(
                "looked-at", LOOKED_AT[1], "Pictures that may show a name were taken too, as "
                "somebody looked at them.", options=LOOKED_AT,
            )
        )  # fmt: skip
    return [*reading, *_remarks(found)]


def _remarks(found: Gathered) -> list[Decision]:
    """What the readers did to single files, each kind counted."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, one in (*found.slices.items(), *found.drawn.items()):
        for remark in one.remarks:
            counts[remark] += 1
            first[remark].append(name)
    return [
        Decision(
            rule, "said", f"{sentence.removesuffix('.')}: {_scans(counts[rule, sentence])} "
            f"({file_names(first[rule, sentence])}).", "", counts[rule, sentence],
        )
        for rule, sentence in counts
    ]  # fmt: skip


def _files(names: Sequence[str]) -> str:
    return "1 file was" if len(names) == 1 else f"{len(names):,} files were"


def _scans(count: int) -> str:
    return f"{count:,} {'scan' if count == 1 else 'scans'}"


def notes_of(found: Gathered, labels: Sequence[str], patients: Sequence[str]) -> tuple[str, ...]:
    """What is worth knowing of the whole and stands in no entry of the account, in sentences."""
    notes = []
    if found.set_aside:
        one = len(found.set_aside) == 1
        notes.append(
            f"{_scans(len(found.set_aside))} may show a name in the picture and "
            f"{'was' if one else 'were'} left out. Look at {'it' if one else 'them'}; where there "
            f"is none, bring {'it' if one else 'them'} in again and say so."
        )
    if found.removed:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in found.removed.most_common())
        notes.append(f"Identifiers that were not taken over from DICOM: {kinds}.")
    if not any(patients):
        notes.append(
            "Nothing says which scans are of the same patient: they may fall on both sides of a "
            "split, and scores may be too good."
        )
    unlabelled = sum(not label for label in labels)
    if 0 < unlabelled < len(labels):
        notes.append(f"{unlabelled:,} scans have no label.")
    return tuple(notes)


def nothing(found: Gathered, where: str) -> UserError:
    """Why a collection without scans is none."""
    if found.set_aside and not found.skipped:
        return UserError(
            "Every scan may show a name in its picture, so none was kept", where,
            "Look at them; where there is none, bring them in again and say so.",
        )  # fmt: skip
    if found.drawn and not found.skipped:
        return UserError(
            f"There are outlines, but no scan ({file_names(found.drawn)})", where,
            "Bring in the scans with them, in folders such as images and masks.",
        )  # fmt: skip
    first = next(iter(found.skipped.items()), None)
    if first is None and found.aside:
        kind, names = next(iter(found.aside.items()))
        first = (names[0], f"it is {kind}, not a scan")
    why = f": '{first[0][:80]}' was skipped because {first[1]}" if first else ""
    return UserError(
        f"No scan could be read{why}", where,
        "Give DICOM, PNG, JPEG, TIFF or NIfTI files, one folder for each label.",
    )  # fmt: skip
