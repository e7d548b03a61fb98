"""A scan with its evidence on it, as a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pmed_core.evidence import Evidence
from pmed_core.figures import wording
from pmed_core.inspection import Sketch
from pmed_core.scans import grey, unsquared
from pmed_core.settings import RESEARCH_ONLY

FOR, AGAINST = (213, 94, 0), (0, 114, 178)
"""Vermilion and blue of Okabe and Ito: told apart with every common colour blindness."""
OUTLINED = (86, 180, 233)
"""Sky blue of the same palette."""
OPACITY = 0.6
SIDE_AT_LEAST = 384
LINE = 18
SMALL = 96


def coloured(found: Evidence, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(height, width, 4): what speaks for and against, the stronger the less see-through."""
    flat = unsquared(found.places, shape)
    strength = found.colour * np.abs(flat) / max(float(np.abs(flat).max()), 1e-12)
    picture = np.empty((*flat.shape, 4), np.uint8)
    picture[..., :3] = np.where((flat > 0)[..., None], FOR, AGAINST)
    picture[..., 3] = (255 * strength).astype(np.uint8)
    return picture


def outlined(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(height, width) -> (height, width, 4): a line along what is inside."""
    padded = np.pad(mask, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    picture = np.zeros((*mask.shape, 4), np.uint8)
    picture[mask & ~core] = (*OUTLINED, 255)
    return picture


def small_png(pixels: NDArray[Any], window: tuple[float, float] | None, side: int = SMALL) -> bytes:
    """At most so many pixels a side."""
    image = Image.fromarray(grey(pixels, window))
    image.thumbnail((side, side))
    return png_of(image)


def sketch_png(one: Sketch) -> bytes:
    """A small scan with the outline that was drawn on it."""
    picture = Image.fromarray(one.pixels).convert("RGBA")
    if one.drawn is not None:
        picture = Image.alpha_composite(picture, Image.fromarray(outlined(one.drawn)))
    return png_of(picture.convert("RGB"))


def evidence_picture(
    pixels: NDArray[Any], found: Evidence, window: tuple[float, float] | None
) -> Image.Image:
    """The scan, its evidence, the outline, and a numbered box round each region."""
    shown = Image.fromarray(grey(pixels, window)).convert("RGBA")
    layer = coloured(found, pixels.shape)
    layer[..., 3] = (layer[..., 3] * OPACITY).astype(np.uint8)
    shown = Image.alpha_composite(shown, Image.fromarray(layer))
    if found.outline is not None:
        edge = Image.fromarray(outlined(found.outline))
        shown = Image.alpha_composite(shown, edge)
    picture = _enlarged(shown).convert("RGB")
    zoom = picture.width // shown.width
    draw = ImageDraw.Draw(picture)
    for number, region in enumerate(found.regions):
        box = [zoom * end for end in (region.left, region.top, region.right, region.bottom)]
        colour = FOR if region.contribution > 0 else AGAINST
        draw.rectangle(box, outline=colour, width=2)
        draw.text((box[0] + 4, box[1] + 2), str(number + 1), fill=colour)
    return picture


def _enlarged(image: Image.Image, how: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    """A small scan, so that lines on it can be seen."""
    zoom = max(1, -(-SIDE_AT_LEAST // max(image.size)))
    return image.resize((zoom * image.width, zoom * image.height), how)


def png_of(picture: Image.Image) -> bytes:
    """As a file."""
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def plain_png(pixels: NDArray[Any], window: tuple[float, float] | None) -> bytes:
    """The scan as it is, enlarged as its evidence is."""
    return png_of(_enlarged(Image.fromarray(grey(pixels, window)).convert("RGB")))


def array_png(pixels: NDArray[np.uint8]) -> bytes:
    """(side, side, 1 or 3), enlarged so that it can be seen."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return png_of(_enlarged(image, Image.Resampling.NEAREST))


def mask_png(outline: NDArray[np.bool_]) -> bytes:
    """(height, width) as black and white in the scan's own pixels."""
    return png_of(Image.fromarray(np.where(outline, 255, 0).astype(np.uint8)))


def overlay_png(
    pixels: NDArray[Any], found: Evidence, window: tuple[float, float] | None = None
) -> bytes:
    """The scan with its evidence, what the colours mean, and the notice."""
    shown = evidence_picture(pixels, found, window)
    page = Image.new("RGB", (shown.width, shown.height + 2 * LINE + 8), "white")
    page.paste(shown, (0, 0))
    draw = ImageDraw.Draw(page)
    risk = 1 / (1 + np.exp(-found.prediction))
    said = f"{found.label}: {wording.percent(risk)}" if not found.labels[1:] else found.label
    draw.text((4, shown.height + 4), f"{said}. {legend(found)}", fill="black")
    draw.text((4, shown.height + 4 + LINE), RESEARCH_ONLY, fill="black")
    return png_of(page)


def legend(found: Evidence) -> str:
    """What the colours mean."""
    line = " Light blue line: outlined." if found.outline is not None else ""
    faint = " Faint: it hardly moved the model." if found.colour < 1 else ""
    return f"Orange: for; blue: against.{faint}{line}"
