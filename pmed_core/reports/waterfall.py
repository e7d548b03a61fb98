"""The waterfall of one patient as vectors on a sheet."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.explanation import Explanation
from pmed_core.figures import contributions, theme
from pmed_core.figures.contributions import Step
from pmed_core.quantity import Quantity
from pmed_core.reports.sheet import GREY, Point, Sheet, Type

ROW, BAR = 7.4, 4.2
NAME = Type(8, align="right")
VALUE = Type(7.5, colour="#55565F", align="right")
NUMBER = Type(8)


@dataclass(frozen=True)
class _Scale:
    """Scores to millimetres.

    Attributes:
        left, width: where bars lie.
        names: where the place of names ends.
        room: beside bars, for numbers.
    """

    low: float
    high: float
    left: float
    width: float
    names: float
    room: float

    def at(self, score: float) -> float:
        share = (score - self.low) / max(self.high - self.low, 1e-9)
        return self.left + share * self.width


def draw_waterfall(
    sheet: Sheet, explanation: Explanation, at: Point, width: float, top: int
) -> float:
    """Names on the left, bars on the right; returns where the next line begins."""
    bars = contributions.steps(explanation, 0, top)
    ends = float(explanation.base[0]), float(explanation.prediction[0])
    points = [*ends, *(bar.start for bar in bars)]
    names, said = width * 0.4, explanation.quantity
    widest = max((sheet.width(said.share(bar.change), NUMBER) for bar in bars), default=0.0)
    room = min(max(11.0, widest + 2), 0.2 * width)
    start = at[0] + names
    scale = _Scale(min(points), max(points), start + room, width - names - 2 * room, start, room)
    lines = len(bars) + 2
    for score, colour in zip(ends, (GREY, theme.EVENT), strict=True):
        x = scale.at(score)
        sheet.rule((x, at[1] + 2), (x, at[1] + ROW * (lines - 0.5)), colour, dash=0.8)
    _end(sheet, (f"Typical {explanation.of}", ends[0]), (at[0], at[1]), scale, said)
    for i, bar in enumerate(bars):
        _bar(sheet, bar, (at[0], at[1] + ROW * (i + 1)), scale, said)
    _end(
        sheet, (f"This {explanation.of}", ends[1]), (at[0], at[1] + ROW * (lines - 1)), scale, said
    )
    return at[1] + ROW * lines


def _end(sheet: Sheet, end: tuple[str, float], at: Point, scale: _Scale, said: Quantity) -> None:
    name, score = end
    names = scale.names - at[0] - 2
    sheet.text((at[0], at[1] + 1.9), name, names, Type(8, bold=True, align="right"))
    x, middle = scale.at(score), at[1] + ROW / 2
    size = 1.3
    corners = ((x, middle - size), (x + size, middle), (x, middle + size), (x - size, middle))
    colour = theme.EVENT if name.startswith("This ") else GREY
    moves: list[tuple[str, tuple[Point, ...]]] = [("M", (corners[0],))]
    moves += [("L", (corner,)) for corner in corners[1:]] + [("Z", ())]
    sheet.shape(moves, colour, colour)
    text = said.said(said.value(score))
    # On the side away from the nearer border.
    right = x < scale.left + scale.width / 2
    beyond = scale.left + scale.width + scale.room
    style = sheet.shrunk(text, Type(8, bold=True), (beyond - x if right else x - scale.names) - 3)
    start = x + 2.2 if right else x - 2.2 - sheet.width(text, style)
    sheet.box((start - 0.3, at[1] + 1.9), (sheet.width(text, style) + 0.6, ROW - 3.8), "#FFFFFF")
    sheet.text((start, at[1] + 1.9), text, sheet.width(text, style) + 1, style)


def _bar(sheet: Sheet, bar: Step, at: Point, scale: _Scale, said: Quantity) -> None:
    names = scale.names - at[0] - 2
    sheet.text((at[0], at[1] + (0.2 if bar.value else 1.9)), bar.name, names, NAME)
    if bar.value:
        sheet.text((at[0], at[1] + 3.5), f"= {bar.value}", names, VALUE)
    start, end = scale.at(bar.start), scale.at(bar.start + bar.change)
    left, length = min(start, end), max(abs(end - start), 0.3)
    colour = theme.EVENT if bar.change >= 0 else theme.MODEL
    # Raising bars are filled, lowering ones open: told apart in a black and white print.
    fill = colour if bar.change >= 0 else "#E5F0F8"
    sheet.box((left, at[1] + (ROW - BAR) / 2), (length, BAR), fill, colour)
    text = said.share(bar.change)
    style = sheet.shrunk(text, NUMBER, scale.room - 1)
    room = sheet.width(text, style)
    x = left + length + 1 if bar.change >= 0 else left - 1 - room
    # White behind the number, or a dashed line may run through it.
    sheet.box((x - 0.3, at[1] + 1.9), (room + 0.6, ROW - 3.8), fill="#FFFFFF")
    sheet.text((x, at[1] + 1.9), text, room + 1, style)
