"""A figure of the screen as vectors on a sheet: lines, bands, points with intervals, and bars."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from pmed_core.figures import wording
from pmed_core.reports.sheet import BLACK, GREY, SOFT, Point, Sheet, Type

LABEL, TICK = Type(7.5, colour=SOFT), Type(7, colour=SOFT)
PALE = "#E2E2E2"
LEFT, BELOW, AIR, TICKS = 13.0, 12.0, 1.2, 5
DASHES = {"dash": 1.6, "dot": 0.6, "dashdot": 1.2, "longdash": 2.4}
RGBA = re.compile(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)")


@dataclass(frozen=True)
class _Axis:
    """Values to millimetres.

    Attributes:
        low, high: the values at its ends.
        start, end: where these lie on the sheet.
    """

    low: float
    high: float
    start: float
    end: float
    form: str

    def at(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round values, a handful."""
        rough = (self.high - self.low) / TICKS or 1.0
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [k * step for k in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def said(self, value: float) -> str:
        return wording.percent(value) if self.form.endswith("%") else f"{value:,.6g}"


def draw_plot(sheet: Sheet, figure: go.Figure, at: Point, size: Point) -> float:
    """The figure inside that place; returns where the next line begins. A figure that says why it
    is empty is that sentence."""
    if not figure.data:
        said = " ".join(note.text for note in figure.layout.annotations)
        return sheet.paragraph(at, said, size[0], LABEL)
    legend = _legend(sheet, figure, at, size[0])
    x, y = _axes(figure, (at[0], legend), (size[0], size[1] - (legend - at[1])))
    _grid(sheet, figure, x, y)
    for shape in figure.layout.shapes:
        if shape.x0 == shape.x1:
            sheet.line([(x.at(shape.x0), y.start), (x.at(shape.x0), y.end)], shape.line.color)
    with sheet.within((x.start, y.end - 1), (x.end - x.start + 1, y.start - y.end + 1)):
        for trace in figure.data:
            _trace(sheet, trace, x, y)
    return at[1] + size[1] + 1


def _axes(figure: go.Figure, at: Point, size: Point) -> tuple[_Axis, _Axis]:
    layout = figure.layout
    below = at[1] + size[1] - BELOW
    return (
        _Axis(*_ends(layout.xaxis, _values(figure, "x")), at[0] + LEFT, at[0] + size[0] - 2,
              layout.xaxis.tickformat or ""),
        _Axis(*_ends(layout.yaxis, _values(figure, "y")), below, at[1] + AIR,
              layout.yaxis.tickformat or ""),
    )  # fmt: skip


def _values(figure: go.Figure, which: str) -> list[float]:
    found: list[float] = []
    for trace in figure.data:
        found += [float(value) for value in trace[which]]
        if which == "y" and trace.type == "bar":
            found.append(0.0)
        if which == "y" and trace.error_y.array is not None:
            found += [a + b for a, b in zip(trace.y, trace.error_y.array, strict=True)]
            found += [a - b for a, b in zip(trace.y, trace.error_y.arrayminus, strict=True)]
    return [value for value in found if math.isfinite(value)]


def _ends(axis: Any, values: Sequence[float]) -> tuple[float, float]:
    if axis.range is not None:
        return float(axis.range[0]), float(axis.range[1])
    air = 0.04 * (max(values) - min(values))
    return min(values) - air, max(values) + air


def _grid(sheet: Sheet, figure: go.Figure, x: _Axis, y: _Axis) -> None:
    for value in y.ticks:
        sheet.rule((x.start, y.at(value)), (x.end, y.at(value)), PALE)
        place = (x.start - LEFT, y.at(value) - 1.4)
        sheet.text(place, y.said(value), LEFT - 1, Type(7, colour=SOFT, align="right"))
    for value in x.ticks:
        sheet.rule((x.at(value), y.start), (x.at(value), y.start + 0.8), GREY)
        place = (x.at(value) - 8, y.start + 1)
        sheet.text(place, x.said(value), 16, Type(7, colour=SOFT, align="center"))
    sheet.rule((x.start, y.start), (x.end, y.start), GREY)
    sheet.rule((x.start, y.start), (x.start, y.end), GREY)
    titles = (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text)
    said = f"{_words(titles[1])} by {_words(titles[0])}"
    sheet.paragraph((x.start, y.start + 4.6), said, x.end - x.start, LABEL, 2)


def _words(title: str | None) -> str:
    text = re.sub(r"<[^>]*>", " ", title or "")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _trace(sheet: Sheet, trace: Any, x: _Axis, y: _Axis) -> None:
    points = [
        (x.at(a), y.at(b))
        for a, b in zip(trace.x, trace.y, strict=True)
        if math.isfinite(a) and math.isfinite(b)
    ]
    if trace.type == "bar":
        _bars(sheet, trace, x, y)
    elif trace.fill == "toself":
        steps = [("M" if k == 0 else "L", (point,)) for k, point in enumerate(points)]
        colour = _paper(trace.fillcolor)
        sheet.shape([*steps, ("Z", ())], colour, colour)
    elif "lines" in (trace.mode or "lines"):
        sheet.line(points, trace.line.color, 0.5, DASHES.get(trace.line.dash, 0.0))
    else:
        _points(sheet, trace, points, y)


def _bars(sheet: Sheet, trace: Any, x: _Axis, y: _Axis) -> None:
    colour = trace.marker.line.color
    for middle, top in zip(trace.x, trace.y, strict=True):
        left, right = (x.at(middle + sign * trace.width / 2) for sign in (-1, 1))
        sheet.box((left, y.at(top)), (right - left, y.start - y.at(top)), border=colour)


def _points(sheet: Sheet, trace: Any, points: Iterable[Point], y: _Axis) -> None:
    colour = trace.marker.color
    errors = trace.error_y
    for k, (left, top) in enumerate(points):
        if errors.array is not None:
            low, high = trace.y[k] - errors.arrayminus[k], trace.y[k] + errors.array[k]
            sheet.line([(left, y.at(low)), (left, y.at(high))], errors.color or colour, 0.35)
        sheet.box((left - 0.8, top - 0.8), (1.6, 1.6), fill=colour)


def _legend(sheet: Sheet, figure: go.Figure, at: Point, width: float) -> float:
    """What each line or point is, side by side above the figure."""
    left, y, style = at[0] + LEFT, at[1], Type(7, colour=BLACK)
    for trace in figure.data:
        if trace.name is None or trace.showlegend is False:
            continue
        name = sheet.readable(re.sub(r"<br>", " ", trace.name))
        needed = 7 + sheet.width(name, style) + 3
        if left + needed > at[0] + width and left > at[0] + LEFT:
            left, y = at[0] + LEFT, y + style.line
        _key(sheet, trace, (left, y + style.line / 2))
        sheet.text((left + 7, y), name, at[0] + width - left - 7, style)
        left += needed
    return y + style.line + 1


def _key(sheet: Sheet, trace: Any, at: Point) -> None:
    if trace.type == "bar" or "lines" not in (trace.mode or "lines"):
        colour = trace.marker.line.color if trace.type == "bar" else trace.marker.color
        sheet.box((at[0] + 2, at[1] - 0.8), (1.6, 1.6), fill=colour)
    else:
        dash = DASHES.get(trace.line.dash, 0.0)
        sheet.line([at, (at[0] + 5.5, at[1])], trace.line.color, 0.5, dash)


def _paper(colour: str) -> str:
    """What a transparent colour looks like on white."""
    found = RGBA.fullmatch(colour.replace(" ", ""))
    if found is None:
        return colour
    opacity = float(found[4])
    parts = (round(255 + (int(part) - 255) * opacity) for part in found.groups()[:3])
    return "#" + "".join(f"{part:02X}" for part in parts)
