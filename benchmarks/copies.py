"""Copies of one scan under two patients: how many of those that were planted are found, and how
many pairs of scans of different patients are taken for copies, beside a difference hash.

    python -m benchmarks.copies SCANS.zip [SCANS [PLANTED]]

The collection must hold no copies of its own: every pair that is found among the originals counts
as found in vain, and is named, so that it can be looked at. The hash (64 bits, Krawetz 2013) is
what duplicate finders of photographs use; its limit is 10 bits.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pmed_core.readers.copies import copies
from pmed_core.readers.scans import read_scans

Pixels = NDArray[Any]
HASHED, ALIKE_BITS = 8, 10


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
    "saved as JPEG": jpeg,
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


def main(path: Path, count: int, planted: int) -> None:
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
    print(f"{'':24}{'found':>8}{'hash':>8}")
    for kind in KINDS:
        mine = [n for n, one in enumerate(kinds) if one == kind]
        ours = sum((sources[n], len(originals) + n) in found for n in mine)
        theirs = sum(
            int((codes[sources[n]] != codes[len(originals) + n]).sum()) <= ALIKE_BITS for n in mine
        )
        print(f"{kind:24}{ours / len(mine):8.1%}{theirs / len(mine):8.1%}")
    vain = {pair: s for pair, s in found.items() if pair[1] < len(originals)}
    by_hash = sum(
        int((codes[a] != codes[b]).sum()) <= ALIKE_BITS and patients[a] != patients[b]
        for a, b in combinations(range(len(originals)), 2)
    )
    print(f"{'pairs of originals':24}{len(vain):8,}{by_hash:8,}")
    for (first, second), score in sorted(vain.items(), key=lambda item: -item[1])[:20]:
        print(f"  {score:.3f}  {names[first]}  {names[second]}")


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[2:]]
    main(Path(sys.argv[1]), *(numbers + [400, 20][len(numbers) :]))
