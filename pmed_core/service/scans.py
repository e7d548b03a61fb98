"""What a user may ask about one scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import from_json
from pmed_core.errors import UserError
from pmed_core.evidence import Evidence
from pmed_core.reports.overlay import OUTLINED, coloured, outlined, overlay_png, small_png
from pmed_core.scans import Frame, Scans
from pmed_core.service.cohorts import table
from pmed_core.service.hub import hub
from pmed_core.work import Look

SECONDS = 120


def names(cohort_id: str, text: str = "", limit: int = 50) -> list[str]:
    """Scans whose name contains the text, in the order of the cohort."""
    wanted = text.strip().casefold()
    found = [name for name in _scans(cohort_id).frames if wanted in name.casefold()]
    return found[:limit]


def label(cohort_id: str, name: str) -> str:
    """What the cohort says of the scan; empty where it says nothing."""
    cohort = table(cohort_id)
    if cohort.outcome is None or cohort.scan is None:
        return ""
    found = cohort.table.loc[cohort.table[cohort.scan] == name, cohort.outcome.column].dropna()
    return str(found.iloc[0]) if len(found) else ""


def pixels(cohort_id: str, name: str) -> tuple[NDArray[Any], Frame]:
    """(height, width) or (height, width, 3) as read, and what they mean; raises ``UserError``."""
    found = _scans(cohort_id)
    if name not in found.frames:
        raise UserError(f"There is no scan '{name}'", "", "Pick one from the list.")
    return found.pixels(name), found.frames[name]


def look(model_id: str, cohort_id: str, name: str, of: str = "") -> Evidence:
    """What the model says of the scan, and where; raises ``UserError``."""
    answer = hub().engine.ask(Look(model_id, cohort_id, name, of), SECONDS)
    return from_json(Evidence, answer)  # type: ignore[no-any-return]


def warm(model_id: str, cohort_id: str) -> None:
    """Load the model before a scan is chosen."""
    if first := names(cohort_id, limit=1):
        hub().engine.warm(Look(model_id, cohort_id, first[0], ""))


def picture(cohort_id: str, name: str, found: Evidence) -> bytes:
    """The scan with its evidence as PNG."""
    shown, frame = pixels(cohort_id, name)
    return overlay_png(shown, found, frame.window)


def thumbnail(cohort_id: str, name: str) -> bytes:
    """The scan as a small PNG."""
    shown, frame = pixels(cohort_id, name)
    return small_png(shown, frame.window)


def view(cohort_id: str, name: str, found: Evidence | None, slices: int) -> dict[str, Any]:
    """What a viewer draws: pixels of the slices round this one as bytes, window, layers.

    Only what is drawn goes to the browser: at most ``slices`` of a series, those of the same shape.
    """
    every = _scans(cohort_id)
    shown, frame = pixels(cohort_id, name)
    alike = [n for n in every.series(name) if every.frames[n].shape == frame.shape]
    start = max(0, min(alike.index(name) - slices // 2, len(alike) - slices))
    near = alike[start : start + slices]
    colour, wide = shown.ndim == 3, shown.dtype != np.uint8
    low, high = _range(shown)
    window = frame.window or ((low + high) / 2, max(1.0, float(high - low)))
    drawn, outline = every.mask(name), found.outline if found else None
    found = found if found and found.telling else None
    note = f"{len(near)} of the {len(alike)} slices of this series can be scrolled to."
    return {
        "slices": [_as_bytes(every.pixels(n), wide) for n in near],
        "index": near.index(name), "height": shown.shape[0], "width": shown.shape[1],
        "colour": colour, "wide": wide, "unit": frame.unit, "title": name,
        "range": [low, high], "window": [round(end) for end in window],
        "overlay": coloured(found.places, shown.shape).tobytes() if found else None,
        "drawn": outlined(drawn).tobytes() if drawn is not None else None,
        "outlined": outlined(outline, OUTLINED).tobytes() if outline is not None else None,
        "note": note if len(alike) > len(near) else "",
    }  # fmt: skip


def _as_bytes(shown: NDArray[Any], wide: bool) -> bytes:
    if not wide:
        return bytes(np.asarray(shown, dtype=np.uint8).data)
    return bytes(np.clip(shown, -32768, 32767).astype("<i2").data)


def _range(shown: NDArray[Any]) -> tuple[int, int]:
    low, high = int(np.floor(shown.min())), int(np.ceil(shown.max()))
    return max(low, -32768), min(max(high, low + 1), 32767)


def _scans(cohort_id: str) -> Scans:
    found = hub().store.cohorts.scans(cohort_id)
    if found is None:
        raise UserError("There are no scans in this cohort", "", "Choose a cohort of scans.")
    return found
