"""A scan with its evidence on it, as a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from pmed_core.evidence import Evidence
from pmed_core.figures import wording
from pmed_core.inspection import Sketch
from pmed_core.reports.typefaces import face, length, spelled, write
from pmed_core.scans import grey, unsquared
from pmed_core.settings import RESEARCH_ONLY

FOR, AGAINST = (213, 94, 0), (0, 114, 178)
"""Vermilion and blue of Okabe and Ito: told apart with every common colour blindness."""
OUTLINED = (86, 180, 233)
"""Sky blue of the same palette."""
OPACITY = 0.6
SIDE_AT_LEAST = 384
LEAST = 13
"""Pixels of the smallest letters on a picture."""
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
    draw, font = ImageDraw.Draw(picture), face(max(LEAST, max(picture.size) // 28))
    for number, region in enumerate(found.regions):
        box = [zoom * end for end in (region.left, region.top, region.right, region.bottom)]
        colour = FOR if region.contribution > 0 else AGAINST
        draw.rectangle(box, outline=colour, width=2)
        # White on the colour: the map behind it may have the same one.
        corner = (box[0], box[1])
        left, top, right, bottom = draw.textbbox(corner, str(number + 1), font, "lt")
        draw.rectangle((left, top, right + 6, bottom + 6), fill=colour)
        draw.text((left + 4, top + 4), str(number + 1), "white", font, "lt")
    return picture


def _enlarged(image: Image.Image, how: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    """A small scan, so that lines on it can be seen."""
    zoom = max(1, -(-SIDE_AT_LEAST // max(image.size)))
    return image.resize((zoom * image.width, zoom * image.height), how)


def png_of(picture: Image.Image) -> bytes:
    """As a file that says what it is not for, also where nothing can be written on the picture."""
    written, about = io.BytesIO(), PngInfo()
    about.add_text("Comment", RESEARCH_ONLY)
    picture.save(written, "PNG", pnginfo=about)
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
    risk = 1 / (1 + np.exp(-found.explanation.prediction[0]))
    said = f"{found.label}: {wording.percent(risk)}" if not found.labels[1:] else found.label
    below = spelled(wording.line(f"{said}. {legend(found)}"))
    size = max(LEAST, max(shown.size) // 40)
    width, step = max(shown.width, round(length(RESEARCH_ONLY, size)) + 8), round(1.4 * size)
    lines = [*_wrapped(below, size, width - 8), RESEARCH_ONLY]
    page = Image.new("RGB", (width, shown.height + len(lines) * step + 8), "white")
    page.paste(shown, ((width - shown.width) // 2, 0))
    draw = ImageDraw.Draw(page)
    for i, line in enumerate(lines):
        write(draw, (4, shown.height + 4 + i * step), line, size)
    return png_of(page)


def _wrapped(text: str, size: int, width: int) -> list[str]:
    """Lines that are no wider; a word that is wider itself goes on in the next."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if length(longer, size) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for character in word:
            if lines[-1] and length(lines[-1] + character, size) > width:
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line]


def legend(found: Evidence) -> str:
    """What the colours mean."""
    line = " Light blue line: outlined." if found.outline is not None else ""
    faint = " Faint: it hardly moved the model." if found.colour < 1 else ""
    return f"Orange: for; blue: against.{faint}{line}"
