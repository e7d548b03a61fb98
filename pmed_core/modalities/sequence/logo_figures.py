"""A sequence as letters that are as high as they matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import theme
from pmed_core.modalities.sequence.glyphs import path
from pmed_core.modalities.sequence.mutagenesis import BASES, Mutagenesis

COLOURS = {"A": theme.GREEN, "C": theme.BLUE, "G": theme.OCHRE, "T": theme.VERMILLION}
WIDTH = 0.94
LEGIBLE = 90
"""Letters that can be told apart side by side; of more, lines stand for those that hardly count."""


def logo(found: Mutagenesis, first: int, last: int) -> go.Figure:
    """Of the letters from one position to another, both counted from 1."""
    shown = theme.figure("Position", f"Contribution ({found.quantity.scale})", 280)
    start = first - found.first
    part = slice(start, last - found.first + 1)
    heights = found.importance[part]
    places = np.arange(first, first + len(heights))
    shown.update_layout(shapes=[
        {
            "type": "path", "path": path(letter, (place - WIDTH / 2, 0), (WIDTH, float(height))),
            "fillcolor": COLOURS.get(letter, theme.GREY), "line": {"width": 0},
            "fillrule": "evenodd" if letter == "A" else "nonzero",
        }
        for letter, place, height in zip(found.letters[part], places, heights, strict=True)
    ])  # fmt: skip
    shown.add_scatter(
        x=places, y=heights, mode="markers", marker={"opacity": 0, "size": 12}, showlegend=False,
        customdata=[
            [letter, f"{height:+.3f}", *_most(found, start + k)]
            for k, (letter, height) in enumerate(
                zip(found.letters[part], heights, strict=True)
            )
        ],
        hovertemplate="%{customdata[0]}%{x}: %{customdata[1]}<br>Most moved by %{customdata[2]}: "
        "%{customdata[3]}<extra></extra>",
    )  # fmt: skip
    shown.add_hline(0, line={"color": theme.AXIS, "width": 1})
    shown.update_xaxes(range=[first - 0.6, first + len(heights) - 0.4], showgrid=False)
    return shown


def _most(found: Mutagenesis, place: int) -> tuple[str, str]:
    """The exchange that moves the prediction most, and to what."""
    column = int(np.argmax(np.abs(found.change[place])))
    return (
        f"{found.letters[place]}>{BASES[column]}",
        found.quantity.said(float(found.changed[place, column])),
    )


def logo_caption(found: Mutagenesis) -> str:
    """How it is read, and which stretch stands out."""
    best = int(np.argmax(np.abs(found.importance)))
    return (
        f"Each letter is as high as it matters: what it adds to the {found.quantity.scale} of "
        f"{found.quantity.name}, against the mean of the four letters at its place, found by "
        "exchanging each letter in turn. Letters that hang down lower it. Most depends on "
        f"{found.letters[best]} at position {found.first + best:,}."
    )


def logo_table(found: Mutagenesis) -> pd.DataFrame:
    """One row a position: what its letter adds, and the prediction with each other letter."""
    rows = {
        "Position": np.arange(found.first, found.first + len(found.letters)),
        "Letter": list(found.letters), "Contribution": np.round(found.importance, 4),
    }  # fmt: skip
    said = found.quantity.title
    rows |= {
        f"{said} with {base}": np.round(found.changed[:, column], 4)
        for column, base in enumerate(BASES)
    }
    return pd.DataFrame(rows)


FITTING = 60
"""Letters that need no slider, on a phone either."""


def window(found: Mutagenesis) -> tuple[int, int]:
    """The first and last position of as many letters round the one that matters most."""
    best = int(np.argmax(np.abs(found.importance)))
    start = min(max(0, best - LEGIBLE // 2), max(0, len(found.letters) - LEGIBLE))
    return found.first + start, found.first + min(start + LEGIBLE, len(found.letters)) - 1


def example(found: Mutagenesis) -> str:
    """The exchange that moves the prediction most, as it is typed."""
    known = np.array([letter in BASES for letter in found.letters])
    moved = np.abs(found.change) * known[:, None]
    place, column = np.unravel_index(int(np.argmax(moved)), moved.shape)
    return f"{found.first + int(place)} {found.letters[int(place)]}>{BASES[int(column)]}"
