"""The one look of all figures.

Colours are those of Okabe & Ito (Color Universal Design, 2008), which the colour-blind can tell
apart, kept to the mid-tones that have a contrast of 3:1 with white and with near-black, so that a
figure is drawn once for both; only the text is inked for the page (:func:`ink`). Shapes, dashes
and words say again whatever a colour says.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#008F68"
PURPLE = "#B8639A"
OCHRE = "#9A7400"
GREY = "#7F7F7F"

MODEL = BLUE
"""The model itself, and whatever lowers a risk or has no event."""
EVENT = VERMILLION
"""The event, whatever raises a risk, and the patient in view."""
QUIET = GREY
"""Missing values, reference lines, everyone else."""

SERIES = (BLUE, VERMILLION, GREEN, PURPLE, OCHRE, GREY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
LOW_TO_HIGH = ((0.0, BLUE), (0.5, "#857889"), (1.0, VERMILLION))
GRID = "rgba(127,127,127,0.22)"
AXIS = "rgba(127,127,127,0.7)"
HEIGHT = 340
ROW = 30


def faint(colour: str, opacity: float = 0.2) -> str:
    """The colour as a transparent band."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def solid(colour: str, opacity: float = 0.55) -> dict[str, Any]:
    """The marker of a bar: lightly filled, with a full border that carries the contrast."""
    return {"color": faint(colour, opacity), "line": {"width": 1, "color": colour}}


def figure(x: str = "", y: str = "", height: int = HEIGHT, **layout: Any) -> go.Figure:
    """An empty figure with titled axes, a legend above, and no background."""
    axis = {"gridcolor": GRID, "linecolor": AXIS, "zeroline": False, "automargin": True,
            "title_standoff": 10, "fixedrange": True, "ticks": ""}  # fmt: skip
    # All at once: every update of a figure costs as much as making one.
    return go.Figure(layout={
        "height": height, "margin": {"l": 8, "r": 12, "t": 36, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": BLUE},
        "font_size": 13, "hovermode": "closest", "dragmode": False, "separators": ".,",
        "legend": {"orientation": "h", "x": 0, "xref": "container", "xanchor": "left",
                   "y": 1, "yref": "container", "yanchor": "top", "bgcolor": "rgba(0,0,0,0)",
                   "title_text": "", "font_size": 13},
        "xaxis": {**axis, "title_text": x}, "yaxis": {**axis, "title_text": y}, **layout,
    })  # fmt: skip


def line(shown: go.Figure, x: Any, y: Any, **style: Any) -> None:
    """Add a line; ``colour``, ``dash``, ``width``, and what go.Scatter takes."""
    colour, dash = style.pop("colour", MODEL), style.pop("dash", "solid")
    drawn = {"color": colour, "dash": dash, "width": style.pop("width", 2.5)}
    shown.add_scatter(x=x, y=y, **{"mode": "lines", "line": drawn, **style})


def ink(shown: go.Figure, dark: bool) -> go.Figure:
    """The figure with text for a light or a dark page, at a contrast well over 4.5:1."""
    strong, soft = ("#F2F2F2", "#C9C9C9") if dark else ("#262730", "#55565F")
    shown.update_layout(font_color=strong, legend_font_color=strong)
    for axes in (shown.update_xaxes, shown.update_yaxes):
        axes(tickfont_color=soft, title_font_color=soft)
    shown.update_annotations(font_color=strong)
    shown.update_traces(textfont_color=strong, selector={"type": "bar"})
    shown.update_traces(textfont_color=strong, selector={"type": "scatter"})
    return shown


def band(shown: go.Figure, x: Any, low: Any, high: Any, colour: str = MODEL) -> None:
    """Shade between low and high."""
    around = [*x, *reversed(x)]
    shown.add_scatter(
        x=around, y=[*high, *reversed(low)], mode="lines", line_width=0, fill="toself",
        fillcolor=faint(colour), hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def nothing(sentence: str) -> go.Figure:
    """Said instead of an empty plot."""
    shown = figure(height=140)
    shown.update_xaxes(visible=False)
    shown.update_yaxes(visible=False)
    shown.add_annotation(text=sentence, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    return shown


def rows(shown: go.Figure, names: list[str], top: int = 36) -> None:
    """A figure of one line a name, first on top, high enough for all of them."""
    shown.update_layout(height=ROW * len(names) + top + 56)
    shown.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))), ticktext=names,
        range=[len(names) - 0.4, -0.6], showgrid=False,
    )  # fmt: skip


def percent_axis(shown: go.Figure, which: str = "x", **more: Any) -> None:
    """Shares shown as per cent."""
    update = shown.update_xaxes if which == "x" else shown.update_yaxes
    update(tickformat=".0%", **more)
