"""What the viewer of scans gets: the values that the file holds, packed for a browser.

The window, the ruler and the value under the cursor are worked out from these alone.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.accounts import Right
from pmed_core.evidence import Evidence
from pmed_core.reports.overlay import coloured
from pmed_core.scans import WINDOWS, Frame
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.service.scans import pixels, scans_of

BYTES_AT_ONCE = 2**25
"""Of pixels before they are packed: 64 slices of 512 x 512 in 16 bits."""
LEVEL = 1
KEPT = 2
HEADER = 4
"""Bytes that say how long the header is, the least first."""
AS_STORED, MOST, WHOLE = "As stored", "Middle 99 %", "Full range"
FILE = "From the file"


@may(Right.ASK)
def view(cohort_id: str, name: str, found: Evidence | None, at_most: int = BYTES_AT_ONCE) -> bytes:
    """A scan among the slices of its series with the same size, and what is drawn on it.

    A header as JSON, and after it parts of bytes; the header says where each ends. Pixels of a
    slice are as kept, their lowest bytes first, then the next, ..., packed (zlib). At most
    ``at_most`` bytes of pixels, those next to the scan, which itself is always there. Raises
    ``UserError``.
    """
    every = scans_of(cohort_id)
    shown, frame = pixels(cohort_id, name)
    alike = every.alike(name)
    count = max(1, at_most // max(1, frame.size))
    start = max(0, min(alike.index(name) - count // 2, len(alike) - count))
    near = alike[start : start + count]
    telling = found if found and found.telling else None
    drawn = every.mask(name)
    layers = {
        "overlay": coloured(telling, shown.shape) if telling else None,
        "drawn": drawn > 0 if drawn is not None else None,
        "outlined": found.outline if found else None,
    }
    header = {
        "key": f"{cohort_id}/{name}", "title": name, "spoken": found is not None,
        "height": shown.shape[0], "width": shown.shape[1], "colours": shown[0, 0].size,
        "first": start, "total": len(alike), "index": near.index(name),
        "slices": [_told(every.frames[one]) for one in near],
        "range": _ends(shown), "windows": windows(shown, frame),
        "regions": [
            [r.left, r.top, r.right, r.bottom, r.contribution > 0]
            for r in (telling.regions if telling else ())
        ],
    }  # fmt: skip
    return _joined(header, _slices(str(hub().store.home), cohort_id, tuple(near)), layers)


def windows(shown: NDArray[Any], frame: Frame) -> list[tuple[str, float, float]]:
    """(name, centre, width) of each window that is offered; the scan opens in the first."""
    offered = [(FILE, *frame.window)] if frame.window else []
    if frame.unit:
        usual = [(name.capitalize(), *window) for name, window in WINDOWS.items()]
        return [*offered, *(usual if offered else [_between(MOST, shown), *usual])]
    if shown.dtype == np.uint8:
        offered.append((AS_STORED, 127.5, 255.0))
    low, high = _ends(shown)
    return [*offered, _between(MOST, shown), (WHOLE, (low + high) / 2, high - low or 1.0)]


def _between(name: str, shown: NDArray[Any]) -> tuple[str, float, float]:
    low, high = (float(end) for end in np.percentile(shown, [0.5, 99.5]))
    return name, (low + high) / 2, high - low or 1.0


def _ends(shown: NDArray[Any]) -> tuple[float, float]:
    return float(shown.min()), float(shown.max())


def _told(frame: Frame) -> dict[str, Any]:
    """What the values and the edges of one slice mean."""
    return {
        "kind": frame.dtype, "unit": frame.unit, "spacing": frame.spacing, "toward": frame.toward,
        "projected": frame.projected,
    }  # fmt: skip


@lru_cache(maxsize=KEPT)
def _slices(home: str, cohort_id: str, names: tuple[str, ...]) -> tuple[bytes, ...]:
    # Packed once for all that is drawn on them: a series takes half a second.
    every = scans_of(cohort_id)
    return tuple(_packed(every.pixels(name)) for name in names)


def _packed(values: NDArray[Any]) -> bytes:
    """Bytes of one place together compress to half of what whole numbers do, and less."""
    flat = np.ascontiguousarray(values).view(np.uint8).reshape(-1, values.dtype.itemsize)
    return zlib.compress(np.ascontiguousarray(flat.T).data, LEVEL)


def _joined(
    header: Mapping[str, Any], slices: Sequence[bytes], layers: Mapping[str, NDArray[Any] | None]
) -> bytes:
    """Header and parts, one after the other: slices first, then the layers that there are."""
    there = {name: _packed(layer) for name, layer in layers.items() if layer is not None}
    parts = [*slices, *there.values()]
    ends = np.cumsum([len(part) for part in parts]).tolist()
    text = json.dumps(dict(header) | {"layers": list(there), "ends": ends}).encode()
    return b"".join([len(text).to_bytes(HEADER, "little"), text, *parts])
