"""Outlines that people drew: which scan each belongs to, and which of its pixels are inside."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pmed_core.modalities.scan.readers.folders import DRAWN, STORED, listed, words
from pmed_core.modalities.scan.readers.label_tables import stem_of
from pmed_core.modalities.scan.readers.outline_pixels import (
    border,
    ground_of,
    in_one_number,
    is_blurred,
    is_inside,
    level_count,
    no_black,
)
from pmed_core.modalities.scan.readers.slices import Slice
from pmed_core.reading import Choices, Decision

SURE = "masks?|segmentations?|seg|segs|outlines?|contours?"
MAYBE = f"{SURE}|labels?|gt|groundtruth|ground[-_ ]truth|annotations?|roi|lesions?|manual|anno"
LAST = r"[-_. ()\[\]]*\d*[)\]]?$"
SURELY = re.compile(rf"[-_. (\[]({SURE}){LAST}|^({SURE})[-_. ]", re.IGNORECASE)
ENDING = re.compile(rf"[-_. (\[]+({MAYBE}){LAST}", re.IGNORECASE)
BEGINNING = re.compile(rf"^({MAYBE})[-_. ]+", re.IGNORECASE)
WHOLLY = re.compile(rf"({SURE}|labels?|gt|ground[-_ ]?truth)[-_. ]?\d*", re.IGNORECASE)
"""The whole name of an outline that lies beside its scan in a folder of their own."""
OF_SCANS = re.compile(r"[-_. ](0000|image|img|scan|orig(inal)?)$|^(image|img|scan)[-_. ]", re.I)
SURE_FOLDERS = listed("mask masks segmentation segmentations outline outlines contours")
MAYBE_FOLDERS = DRAWN | {"label", "labels", "lesion", "lesions"}
ON_THE_EDGE = 0.95
"""Share of the border inside, from which an outline is taken for drawn the other way round."""
COLOURS, SIZES = ("as-drawn", "inverted"), ("leave-out", "resize")
EDGES = ("blurred", "regions")


@dataclass(frozen=True)
class Drawn:
    """A file of outlines as it was read.

    Attributes:
        place: name -> how the volume lies in the body, (4, 4), where the file says so.
        lossy: names of JPEG files, whose edges are blurred.
    """

    slices: Mapping[str, Slice]
    places: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    lossy: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Paired:
    """Scan -> (height, width) of 0 and 255, and what is said of all outlines."""

    outlines: dict[str, NDArray[np.uint8]]
    reading: list[Decision]


def outline_names(names: Iterable[str]) -> set[str]:
    """The files that are outlines: by their folder or ending, or a whole name such as mask beside
    other pictures; and where these leave a doubt because a scan of the same name lies there."""
    paths = list(dict.fromkeys(names))
    sure = {path for path in paths if _surely(path)}
    wholly = {path for path in paths if WHOLLY.fullmatch(_stem(path))} - sure
    others = {PurePosixPath(path).parent for path in paths if path not in sure | wholly}
    sure |= {path for path in wholly if PurePosixPath(path).parent in others}
    maybe = {path for path in paths if path not in sure and _maybe(path)}
    scans: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for path in paths:
        if path not in sure | maybe:
            scans[_bare(path)].add(_folders(path, STORED))
    backed = {path for path in maybe if any(
        _within(own, of) or _within(of, own)
        for of in scans.get(_bare(path), ()) for own in _own_folders(path)
    )}  # fmt: skip
    return sure | backed


def _surely(path: str) -> bool:
    *folders, _ = parts = PurePosixPath(path).parts
    return bool(SURELY.search(stem_of(parts[-1]))) or any(
        set(words(part)) & SURE_FOLDERS for part in folders
    )


def _maybe(path: str) -> bool:
    *folders, name = PurePosixPath(path).parts
    stem = stem_of(name)
    return bool(ENDING.search(stem) or BEGINNING.search(stem)) or any(
        set(words(part)) & MAYBE_FOLDERS for part in folders
    )


def _bare(path: str) -> str:
    """The name that a scan and its outline share."""
    stem = stem_of(PurePosixPath(path).name).casefold()
    bare = BEGINNING.sub("", ENDING.sub("", stem)) or stem
    return OF_SCANS.sub("", bare) or bare


def _folders(path: str, without: frozenset[str]) -> tuple[str, ...]:
    """Folders in words, without those that say only what lies in them."""
    kept = []
    for part in PurePosixPath(path).parts[:-1]:
        rest = " ".join(word for word in words(part) if word not in without)
        if rest:
            kept.append(rest)
    return tuple(kept)


def _own_folders(path: str) -> tuple[tuple[str, ...], ...]:
    """The folders of an outline: without the words that say so, or without such folders at all."""
    every = STORED | MAYBE_FOLDERS
    whole = tuple(
        " ".join(word for word in words(part) if word not in STORED)
        for part in PurePosixPath(path).parts[:-1]
        if not set(words(part)) & MAYBE_FOLDERS
    )
    return _folders(path, every), tuple(part for part in whole if part)


def _within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether all of the few stand among the many, in their order."""
    rest = iter(many)
    return all(part in rest for part in few)


def paired(scans: Mapping[str, Slice], drawn: Drawn, places: Mapping[str, NDArray[np.float64]],
           choices: Choices) -> Paired:  # fmt: skip
    """Each outline to the scan of the same path and frame, made black and white.

    Args:
        places: of the scans' volumes, as ``Drawn.places``.
    """
    if not drawn.slices:
        return Paired({}, [])
    found, unpaired = _pairs(scans, drawn.slices)
    found, elsewhere = _same_place(found, scans, drawn, places)
    of: dict[str, list[str]] = defaultdict(list)
    for mask, scan in found.items():
        of[scan].append(mask)
    by_colour = [mask for mask in found if no_black(drawn.slices[mask].pixels)]
    flat = {mask: in_one_number(drawn.slices[mask].pixels) for mask in found}
    blurred, edges = _blurred(flat, drawn.lossy, choices)
    sharp = [mask for mask in found if mask not in blurred]
    ground = ground_of([flat[mask] for mask in sharp])
    inside = {mask: is_inside(flat[mask], mask in blurred, ground) for mask in found}
    inverted, said = _turned(inside, choices)
    outlines, odd = _joined(scans, of, inside, inverted, choices)
    many = [m for m in sharp if level_count(flat[m]) > 2]
    raised = [m for m in sharp if flat[m].min() > 0 and not inside[m].all()]
    reading = [
        *_counted(outlines, len(scans)), *said,
        *_told("outlines-left", unpaired, "belong to no scan and were left out"),
        *_told("outline-place", elsewhere, "lie elsewhere in the body than the scan of the same "
               "name and were left out"),
        *_size_said(odd, choices),
        *edges,
        *_told("outline-ground", raised, "hold no 0: their lowest value was taken as outside"),
        *_told("outline-colours", by_colour, "hold colours and no black: the colour of the border "
               "was taken as outside"),
        *_told("outline-values", many, "hold several regions; all of them are inside", proved=True),
        *_told("outlines-joined", [s for s, m in of.items() if len(m) > 1],
               "have several outlines, joined into one", what="scan", proved=True),
    ]  # fmt: skip
    return Paired(outlines, reading)


def _pairs(
    scans: Mapping[str, Slice], masks: Mapping[str, Slice]
) -> tuple[dict[str, str], list[str]]:
    """Outline -> scan, and the outlines of none: by folders, name and frame, or where only one
    scan has the name and lies in the same folders, or is the only one beside an outline that is
    called mask or the like."""
    by_path: dict[tuple[object, ...], list[str]] = defaultdict(list)
    by_name: dict[tuple[object, ...], list[str]] = defaultdict(list)
    by_folder: dict[tuple[object, ...], list[str]] = defaultdict(list)
    of = {name: one.file or name for name, one in (*scans.items(), *masks.items())}
    folders = {scan: _folders(of[scan], STORED) for scan in scans}
    for scan in scans:
        bare, frame = _bare(of[scan]), scan[len(of[scan]) :]
        by_path[folders[scan], bare, frame].append(scan)
        by_name[bare, frame].append(scan)
        by_folder[folders[scan], frame].append(scan)
    frames = Counter(of[name] for name in (*scans, *masks))
    found, left = {}, []
    for mask in masks:
        path = of[mask]
        bare, frame = _bare(path), mask[len(path) :]
        own = _own_folders(path)
        exact = next((by_path[way, bare, frame] for way in own if (way, bare, frame) in by_path),
                     [])  # fmt: skip
        fitting = exact or [
            scan for scan in by_name.get((bare, frame), [])
            if any(_within(way, folders[scan]) or _within(folders[scan], way) for way in own)
        ]  # fmt: skip
        if not fitting and WHOLLY.fullmatch(_stem(path)):
            fitting = [scan for way in dict.fromkeys(own) for scan in by_folder[way, frame]]
        if len(fitting) > 1:
            fitting = [scan for scan in fitting if _stem(of[scan]) == ENDING.sub("", _stem(path))]
        if len(fitting) == 1 and frames[path] == frames[of[fitting[0]]]:
            found[mask] = fitting[0]
        else:
            left.append(mask)
    return found, left


def _stem(path: str) -> str:
    return stem_of(PurePosixPath(path).name).casefold()


def _same_place(
    found: dict[str, str],
    scans: Mapping[str, Slice],
    drawn: Drawn,
    places: Mapping[str, NDArray[np.float64]],
) -> tuple[dict[str, str], list[str]]:
    """Pairs of volumes that lie in the same place, and the outlines that do not."""
    elsewhere = []
    for mask, scan in found.items():
        ours = drawn.places.get(drawn.slices[mask].file)
        theirs = places.get(scans[scan].file)
        if ours is None or theirs is None:
            continue
        size = float(np.abs(theirs[:3, :3]).max()) or 1.0
        if not np.allclose(ours, theirs, atol=0.05 * size):
            elsewhere.append(mask)
    return {mask: scan for mask, scan in found.items() if mask not in set(elsewhere)}, elsewhere


def _blurred(
    flat: Mapping[str, NDArray[Any]], lossy: frozenset[str], choices: Choices
) -> tuple[set[str], list[Decision]]:
    """The outlines whose edges are no regions, and what is said of them."""
    wanted = choices.get("outline-edges", "")
    if wanted == "regions":
        return set(), [Decision("outline-edges", wanted, "Whatever is not outside is inside an "
                                "outline, as chosen.", options=EDGES)]  # fmt: skip
    found = [one for one in flat if wanted or is_blurred(flat[one], one in lossy)]
    said = _told("outline-edges", found, "have blurred edges (as JPEG files have): pixels above "
                 "half of the maximum are inside", proved=lossy.issuperset(found))  # fmt: skip
    return set(found), [replace(one, value=EDGES[0], options=EDGES) for one in said]


def _turned(
    inside: Mapping[str, NDArray[np.bool_]], choices: Choices
) -> tuple[set[str], list[Decision]]:
    """The outlines that are dark on white, and what is said of them."""
    if not inside:
        return set(), []
    wanted = choices.get("outlines", "")
    if wanted == "as-drawn":
        return set(), [Decision("outlines", wanted, "White is inside an outline, as chosen.",
                                options=COLOURS)]  # fmt: skip
    if wanted == "inverted":
        return set(inside), [Decision("outlines", wanted, "Black is inside an outline, as chosen.",
                                      cells=len(inside), options=COLOURS)]  # fmt: skip
    drawn = {m for m, on in inside.items() if on.any() and not on.all()}
    turned = {m for m in drawn if border(inside[m]).mean() >= ON_THE_EDGE}
    if turned == drawn and turned:
        # Where all others are dark on white, a white one holds nothing.
        turned |= {m for m, on in inside.items() if on.all()}
    if not turned:
        sentence = "White, or what is not 0, is inside an outline."
        return turned, [Decision("outlines", "as-drawn", sentence, "", len(inside), (), COLOURS)]
    n = len(turned)
    sentence = (
        f"{n:,} {'outline is' if n == 1 else 'outlines are'} white along the whole border: black "
        "was taken as inside."
    )
    return turned, [Decision("outlines", "inverted", sentence, "", n, (), COLOURS, proved=False)]


def _joined(
    scans: Mapping[str, Slice], of: Mapping[str, list[str]],
    inside: Mapping[str, NDArray[np.bool_]], inverted: set[str], choices: Choices,
) -> tuple[dict[str, NDArray[np.uint8]], list[str]]:  # fmt: skip
    """Scan -> all of its outlines in one, and the outlines of another size."""
    outlines: dict[str, NDArray[np.uint8]] = {}
    odd = []
    for scan, masks in of.items():
        shape = scans[scan].pixels.shape[:2]
        for mask in masks:
            on = ~inside[mask] if mask in inverted else inside[mask]
            if on.shape != shape:
                odd.append(mask)
                if choices.get("outline-size") != "resize":
                    continue
                image = Image.fromarray(on).resize(shape[::-1], Image.Resampling.NEAREST)
                on = np.asarray(image)
            white = np.where(on, 255, 0).astype(np.uint8)
            outlines[scan] = np.maximum(outlines[scan], white) if scan in outlines else white
    return outlines, odd


def _counted(outlines: Mapping[str, object], scans: int) -> list[Decision]:
    n = len(outlines)
    return [
        Decision(
            "outlines-paired", "paired",
            f"{n:,} of {scans:,} scans {'has' if n == 1 else 'have'} an outline.", "", n,
        )
    ]  # fmt: skip


def _told(
    rule: str, names: Sequence[str], how: str, *, what: str = "outline", proved: bool = False
) -> list[Decision]:
    """That these do so, with two of their names."""
    if not names:
        return []
    n, some = len(names), ", ".join(names[:2]) + " …" * (len(names) > 2)
    if n == 1:
        for many, one in (("belong ", "belongs "), ("lie ", "lies "), ("have ", "has "),
                          ("hold ", "holds "), ("were ", "was ")):  # fmt: skip
            how = how.replace(many, one)
    sentence = f"{n:,} {what}{'s' * (n > 1)} {how} ({some})."
    value = "left-out" if "left out" in how else "said"
    return [Decision(rule, value, sentence, "", n, (), (), proved)]


def _size_said(odd: list[str], choices: Choices) -> list[Decision]:
    if not odd:
        return []
    fitted = choices.get("outline-size") == "resize"
    done = "was made to fit" if fitted else "was left out"
    n, some = len(odd), ", ".join(odd[:2]) + " …" * (len(odd) > 2)
    sentence = (
        f"1 outline has another size than its scan and {done} ({some})." if n == 1 else
        f"{n:,} outlines have another size than their scans and {done.replace('was', 'were')} "
        f"({some})."
    )  # fmt: skip
    value = SIZES[fitted]
    return [Decision("outline-size", value, sentence, "", n, (), SIZES, proved=False)]
