"""Copies of one scan under two patients: how many of those that were planted are found, and how
many pairs of scans of different patients are taken for copies, beside a difference hash.

    python -m benchmarks.copies SCANS.zip [SCANS [PLANTED [PAIRS.png]]]

Pairs that are found among the originals are counted apart: the same pixels (by their digest), next
to the same (a mean difference below 2 of 256 grey levels), and all others, which count as found in
vain unless somebody who looks at them says otherwise; these are named, and drawn in PAIRS.png side
by side. The hash (64 bits, Krawetz 2013) is what duplicate finders of photographs use; its limit is
10 bits.
"""

from __future__ import annotations

import hashlib
import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pmed_core.modalities.scan.readers.copies import copies
from pmed_core.modalities.scan.readers.scans import read_scans

Pixels = NDArray[Any]
HASHED, ALIKE_BITS = 8, 10
NEXT_TO_SAME, NAMED, DRAWN = 2.0, 20, 112
"""Grey levels; pairs that are named; pixels a side of a scan that is drawn."""


def as_image(pixels: Pixels) -> Image.Image:
    """8 bits of grey."""
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    low, high = float(grey.min()), float(grey.max())
    scaled = (grey - low) / max(high - low, 1e-9) * 255
    return Image.fromarray(np.asarray(scaled, dtype=np.uint8))


def jpeg(pixels: Pixels) -> Pixels:
    """Saved again at quality 60."""
    held = io.BytesIO()
    as_image(pixels).save(held, "JPEG", quality=60)
    return np.asarray(Image.open(held))


def cropped(share: float) -> Callable[[Pixels], Pixels]:
    """The middle of a scan, of so much of its sides."""

    def crop(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        tall, wide = int(height * share), int(width * share)
        top, left = (height - tall) // 2, (width - wide) // 3
        return pixels[top : top + tall, left : left + wide]

    return crop


KINDS: dict[str, Callable[[Pixels], Pixels]] = {
    "mirrored": lambda pixels: pixels[:, ::-1],
    "turned by a quarter": lambda pixels: np.rot90(pixels),
    "upside down": lambda pixels: pixels[::-1],
    "mirrored and turned": lambda pixels: np.rot90(pixels[:, ::-1]),
    "saved as JPEG": jpeg,
    "16 bits, other units": lambda pixels: (
        np.asarray(as_image(pixels)).astype(np.int16) * 12 - 1024
    ),
    "three colours": lambda pixels: np.stack([np.asarray(as_image(pixels))] * 3, axis=-1),
    "half the size": lambda pixels: np.asarray(
        as_image(pixels).resize((pixels.shape[1] // 2 or 1, pixels.shape[0] // 2 or 1))
    ),
    "other contrast": lambda pixels: (np.asarray(as_image(pixels)) / 255.0) ** 0.6,
    "inverted": lambda pixels: 255 - np.asarray(as_image(pixels)),
    "cropped to 95 %": cropped(0.95),
    "cropped to 90 %": cropped(0.9),
    "cropped to 80 %": cropped(0.8),
}


def hashed(pixels: Pixels) -> NDArray[np.bool_]:
    """(64,) whether the grey rises from each place to the next."""
    small = np.asarray(as_image(pixels).resize((HASHED + 1, HASHED)), dtype=np.int16)
    return np.asarray(np.diff(small, axis=1) > 0).ravel()


def main(path: Path, count: int, planted: int, drawn: Path | None = None) -> None:
    """Print a line a kind."""
    cohort = read_scans(path, key=b"benchmark")
    scans = cohort.scans
    if scans is None or cohort.scan is None:
        raise SystemExit("Expected a collection of scans.")
    chosen = np.random.default_rng(0).permutation(len(cohort))[:count]
    names = [str(cohort.table[cohort.scan].iloc[row]) for row in sorted(chosen)]
    patients = cohort.patients()[sorted(chosen)]
    originals = [scans.pixels(name) for name in names]
    made, kinds, sources = [], [], []
    # Each copy is of another scan, so that copies of one do not help or hide each other.
    for number, kind in enumerate(k for k in KINDS for _ in range(planted)):
        source = number % len(originals)
        made.append(np.ascontiguousarray(KINDS[kind](originals[source])))
        kinds.append(kind)
        sources.append(source)
    every = originals + made
    owners = [*map(str, patients), *(f"copy {n}" for n in range(len(made)))]
    started = time.perf_counter()
    found = {
        (one.first, one.second): one.score for one in copies(len(every), every.__getitem__, owners)
    }
    seconds = time.perf_counter() - started
    codes = [hashed(pixels) for pixels in every]
    print(f"{len(originals):,} scans, {planted} copies of each kind, {seconds:.0f} s")
    print(f"{'':24}{'found':>8}{'hash':>8}{'lowest':>8}")
    for kind in KINDS:
        mine = [n for n, one in enumerate(kinds) if one == kind]
        ours = sum((sources[n], len(originals) + n) in found for n in mine)
        theirs = sum(
            int((codes[sources[n]] != codes[len(originals) + n]).sum()) <= ALIKE_BITS for n in mine
        )
        lowest = min((found.get((sources[n], len(originals) + n), 0.0) for n in mine), default=0.0)
        print(f"{kind:24}{ours / len(mine):8.1%}{theirs / len(mine):8.1%}{lowest:8.3f}")
    vain = {pair: s for pair, s in found.items() if pair[1] < len(originals)}
    told = {pair: kind_of(originals[pair[0]], originals[pair[1]]) for pair in vain}
    bits = np.where(np.stack(codes[: len(originals)]), 1, -1).astype(np.float32)
    near = np.triu((bits.shape[1] - bits @ bits.T) / 2 <= ALIKE_BITS, 1)
    owner = np.unique(patients.astype(str), return_inverse=True)[1]
    by_hash = int((near & (owner[:, None] != owner[None, :])).sum())
    print(f"{'pairs of originals':24}{len(vain):8,}{by_hash:8,}")
    for kind in ("same pixels", "next to the same", "others"):
        print(f"  {kind:22}{sum(one == kind for one in told.values()):8,}")
    others = sorted((pair for pair in vain if told[pair] == "others"), key=lambda p: -vain[p])
    for first, second in others[:NAMED]:
        print(f"  {vain[first, second]:.3f}  {names[first]}  {names[second]}")
    if drawn is not None and others:
        draw(originals, others, vain, drawn)


def kind_of(one: Pixels, other: Pixels) -> str:
    """How alike two originals are, pixel by pixel."""
    if one.shape == other.shape:
        digests = {hashlib.sha256(np.ascontiguousarray(x).data).digest() for x in (one, other)}
        if len(digests) == 1:
            return "same pixels"
    a, b = (np.asarray(as_image(x).resize((64, 64)), dtype=np.float32) for x in (one, other))
    near = float(np.abs(a - b).mean()) < NEXT_TO_SAME
    return "next to the same" if near else "others"


def draw(
    scans: Sequence[Pixels], pairs: Sequence[tuple[int, int]],
    scores: Mapping[tuple[int, int], float], path: Path,
) -> None:  # fmt: skip
    """Pairs side by side, six to a row, the likest first."""
    sheet = Image.new("L", (6 * (2 * DRAWN + 16), -(-len(pairs) // 6) * (DRAWN + 8)), 128)
    for place, pair in enumerate(sorted(pairs, key=lambda pair: -scores[pair])):
        left, top = place % 6 * (2 * DRAWN + 16), place // 6 * (DRAWN + 8)
        for number, scan in enumerate(pair):
            small = as_image(scans[scan]).resize((DRAWN, DRAWN))
            sheet.paste(small, (left + number * DRAWN, top))
    sheet.save(path)


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[2:4]]
    picture = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    count, planted = numbers + [400, 20][len(numbers) :]
    main(Path(sys.argv[1]), count, planted, picture)
