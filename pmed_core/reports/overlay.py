"""A scan with its evidence on it, as a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pmed_core.evidence import Evidence
from pmed_core.scans import square
from pmed_core.settings import RESEARCH_ONLY

FOR, AGAINST = (213, 94, 0), (0, 114, 178)
"""Vermilion and blue of Okabe and Ito: told apart with every common colour blindness."""
DRAWN, OUTLINED = (240, 228, 66), (86, 180, 233)
"""Yellow for what a person outlined, sky blue for what a network did; of the same palette."""
OPACITY = 0.6
SIDE_AT_LEAST = 384
LINE = 18
SMALL = 96


def spread(places: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """(rows, columns) of the square that a network reads -> (height, width) of the scan itself."""
    height, width = shape[:2]
    longest, above, before = square(shape)
    image = Image.fromarray(places.astype(np.float32))
    flat = np.asarray(image.resize((longest, longest), Image.Resampling.BILINEAR))
    return flat[above : above + height, before : before + width]


def grey(pixels: NDArray[Any], window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """(h, w) or (h, w, 3) in any unit -> the same in 0..255; ``window`` is (centre, width)."""
    if pixels.dtype == np.uint8:
        return pixels
    values = pixels.astype(np.float32)
    if window:
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    else:
        low, high = (float(end) for end in np.percentile(values, [0.5, 99.5]))
    scaled = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return np.asarray(scaled * 255, dtype=np.uint8)


def coloured(places: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(height, width, 4): what speaks for and against, the stronger the less see-through."""
    flat = spread(places, shape)
    strength = np.abs(flat) / max(float(np.abs(flat).max()), 1e-12)
    picture = np.empty((*flat.shape, 4), np.uint8)
    picture[..., :3] = np.where((flat > 0)[..., None], FOR, AGAINST)
    picture[..., 3] = (255 * strength).astype(np.uint8)
    return picture


def outlined(mask: NDArray[Any], colour: tuple[int, int, int] = DRAWN) -> NDArray[np.uint8]:
    """(height, width) of 0 and more -> (height, width, 4): a line round what is inside."""
    inside = mask > 0
    padded = np.pad(inside, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    picture = np.zeros((*inside.shape, 4), np.uint8)
    picture[inside & ~core] = (*colour, 255)
    return picture


def small_png(pixels: NDArray[Any], window: tuple[float, float] | None) -> bytes:
    """At most 96 pixels a side."""
    image = Image.fromarray(grey(pixels, window))
    image.thumbnail((SMALL, SMALL))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def overlay_png(
    pixels: NDArray[Any], found: Evidence, window: tuple[float, float] | None = None
) -> bytes:
    """The scan, its evidence, a box round each region that speaks for the label, and the notice."""
    shown = Image.fromarray(grey(pixels, window)).convert("RGBA")
    layer = coloured(found.places, pixels.shape)
    layer[..., 3] = (layer[..., 3] * OPACITY).astype(np.uint8)
    shown = Image.alpha_composite(shown, Image.fromarray(layer))
    if found.outline is not None:
        edge = Image.fromarray(outlined(found.outline, OUTLINED))
        shown = Image.alpha_composite(shown, edge)
    zoom = max(1, -(-SIDE_AT_LEAST // max(shown.size)))
    shown = shown.resize((shown.width * zoom, shown.height * zoom), Image.Resampling.BICUBIC)
    page = Image.new("RGB", (shown.width, shown.height + 2 * LINE + 8), "white")
    page.paste(shown.convert("RGB"), (0, 0))
    draw = ImageDraw.Draw(page)
    for region in found.regions:
        if region.contribution > 0:
            box = (region.left, region.top, region.right, region.bottom)
            draw.rectangle([zoom * end for end in box], outline=FOR, width=2)
    risk = 1 / (1 + np.exp(-found.prediction))
    said = f"{found.label}: {risk:.0%}" if len(found.labels) == 1 else found.label
    line = " Light blue line: outlined." if found.outline is not None else ""
    draw.text((4, shown.height + 4), f"{said}. Orange: for; blue: against.{line}", fill="black")
    draw.text((4, shown.height + 4 + LINE), RESEARCH_ONLY, fill="black")
    written = io.BytesIO()
    page.save(written, "PNG")
    return written.getvalue()
