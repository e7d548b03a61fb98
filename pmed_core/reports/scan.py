"""One scan on one page, as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from numpy.typing import NDArray

from pmed_core.evaluation import Evaluation
from pmed_core.evidence import Evidence, Lesion
from pmed_core.figures import contributions, wording
from pmed_core.figures.regions import (
    BOXES,
    EXACT,
    UNGUARDED,
    WHY_OUTSIDE,
    longest_side,
    region_rows,
)
from pmed_core.figures.standing import (
    NO_RISK,
    NO_RISK_WHY,
    basis_title,
    scan_sentence,
    standing,
)
from pmed_core.reports.overlay import evidence_picture, legend, plain_png, png_of
from pmed_core.reports.patient import quality_line
from pmed_core.reports.sheet import HEIGHT, INNER, MARGIN, SOFT, WIDTH, Sheet, Type, head, notice

GAP = 6.0
HALF = (INNER - GAP) / 2
HEADING, QUIET = Type(11, bold=True), Type(7.5, colour=SOFT)
LESIONS = 8


@dataclass(frozen=True)
class ScanPage:
    """What stands on the page.

    Attributes:
        pixels: (height, width) or (height, width, 3) as read.
        window: (centre, width) in which it is shown.
        threshold: where alerts begin; None where there is none.
    """

    model: str
    made: datetime
    found: Evidence
    evaluation: Evaluation
    pixels: NDArray[Any]
    window: tuple[float, float] | None
    threshold: float | None = None

    @property
    def mapped(self) -> bool:
        """Whether the map is shown: the scan is like those of training, the model better than
        chance, and the map depends on what it learnt."""
        found = self.found
        return found.telling and not found.outside and standing(self.evaluation).tells


def scan_report(page: ScanPage) -> bytes:
    """The PDF."""
    sheet = Sheet(f"Report of scan {page.found.scan}", page.made)
    y = head(sheet, f"Scan {page.found.scan}", f"Read by the model “{page.model}”")
    y = _trust(sheet, page, y) + 2
    if page.found.outside:
        _picture(sheet, page, _outside(sheet, y) + 3)
    elif not standing(page.evaluation).tells:
        y = sheet.paragraph((MARGIN, y), f"{NO_RISK}.", INNER, Type(14, bold=True), 2)
        y = sheet.paragraph((MARGIN, y), f"{NO_RISK_WHY.format(one='scan')}.", INNER, Type(9.5), 2)
        _picture(sheet, page, y + 3)
    else:
        y = _risks(sheet, page, y) + 3
        y = _pictures(sheet, page, y) + 3
        _regions(sheet, page.found, y)
        _lesions(sheet, page.found, y)
    _foot(sheet, page)
    return sheet.bytes()


def _trust(sheet: Sheet, page: ScanPage, y: float) -> float:
    """Whether it was in training, and how far to trust the model."""
    how, basis = standing(page.evaluation), page.found.basis
    title = f"{basis_title(basis)}  ·  {how.headline}"
    y = sheet.text((MARGIN, y), title, INNER, Type(9, bold=True))
    said = f"{scan_sentence(basis)} The model: {'; '.join(how.details)}."
    return sheet.paragraph((MARGIN, y), said, INNER, QUIET, 2)


def _outside(sheet: Sheet, y: float) -> float:
    """Instead of the number and the map."""
    title = f"{wording.OUTSIDE}: no probability is given"
    y = sheet.text((MARGIN, y), title, INNER, Type(14, bold=True))
    return sheet.paragraph((MARGIN, y + 0.8), WHY_OUTSIDE, INNER, Type(9.5), 2)


def _risks(sheet: Sheet, page: ScanPage, y: float) -> float:
    found = page.found
    if len(found.labels) > 1:
        rows = [("Class", "Probability", "Interval")]
        rows += [
            (label, wording.percent(risk), wording.percents(low, high))
            for label, risk, low, high in zip(
                found.labels, found.probability, found.low, found.high, strict=True
            )
        ]
        y = sheet.table((MARGIN, y), rows, INNER, whole=(1, 2))
        return sheet.text((MARGIN, y), f"Interval: {found.interval}.", INNER, QUIET)
    risk = wording.percent(found.probability[0])
    style = Type(17, bold=True)
    label = sheet.fitted(found.labels[0], style, INNER - sheet.width(f": {risk}", style))
    y = sheet.text((MARGIN, y), f"{label}: {risk}", INNER + 1, style)
    ends = wording.percents(found.low[0], found.high[0])
    said = f"Interval {ends} ({found.interval})."
    if page.threshold is not None:
        side = "at or above" if found.probability[0] >= page.threshold else "below"
        said += f" That is {side} the threshold of {wording.percent(page.threshold)}."
    return sheet.paragraph((MARGIN, y + 0.5), said, INNER, Type(9.5), 2)


def _picture(sheet: Sheet, page: ScanPage, y: float) -> tuple[tuple[float, float], float]:
    """The scan; -> its width and height in mm, and where it ends."""
    height, width = page.pixels.shape[:2]
    size = (HALF, HALF * height / width) if height <= width else (HALF * width / height, HALF)
    sheet.picture((MARGIN, y), plain_png(page.pixels, page.window), size)
    below = y + size[1] + 1
    sheet.text((MARGIN, below), "As it was read", HALF, QUIET)
    return size, below


def _pictures(sheet: Sheet, page: ScanPage, y: float) -> float:
    """The scan and, where the map tells something, the scan with its evidence."""
    size, below = _picture(sheet, page, y)
    right = MARGIN + HALF + GAP
    if not page.found.telling:
        said = (
            "No map is shown: it stays nearly the same when the network's weights are shuffled, so "
            "it would show the scan and not what the model learnt."
        )
        sheet.paragraph((right, y), said, HALF, Type(9.5), 5)
        return below + QUIET.line
    shown = evidence_picture(page.pixels, page.found, page.window)
    sheet.picture((right, y), png_of(shown), size)
    sheet.text((right, below), f"{page.found.label}. {legend(page.found)}", HALF, QUIET)
    return below + QUIET.line


def _regions(sheet: Sheet, found: Evidence, y: float) -> None:
    if not found.telling:
        return
    y = sheet.text((MARGIN, y), "What moved the model", HALF, HEADING)
    rows = [("Region", "Size", "Log-odds")]
    rows += [(name, size, wording.signed(odds)) for name, size, odds in region_rows(found)]
    sheet.table((MARGIN, y + 1), rows, HALF, whole=(1, 2))


def _lesions(sheet: Sheet, found: Evidence, y: float) -> None:
    if found.outline is None:
        return
    x = MARGIN + HALF + GAP
    y = sheet.text((x, y), "Outlined lesions", HALF, HEADING)
    if not found.lesions:
        sheet.text((x, y + 1), "Nothing is outlined.", HALF, Type(8.5))
        return
    rows = [("Lesion", "Longest side", "Size")]
    rows += [_lesion(number + 1, one) for number, one in enumerate(found.lesions[:LESIONS])]
    y = sheet.table((x, y + 1), rows, HALF, whole=(1, 2))
    more = len(found.lesions) - LESIONS
    where = f"Of {found.outlined_slices} slices." if found.outlined_slices > 1 else "Of this scan."
    sheet.text((x, y), f"{where} {more} more." if more > 0 else where, HALF, QUIET)


def _lesion(number: int, lesion: Lesion) -> tuple[str, str, str]:
    longest = longest_side(lesion)
    if lesion.millilitres is not None:
        return str(number), longest, f"{wording.number(lesion.millilitres, 2)} ml"
    return str(number), longest, wording.counted(lesion.pixels, "pixel")


def _foot(sheet: Sheet, page: ScanPage) -> None:
    found = page.found
    exact = (
        EXACT
        if found.explanation.method == "exact"
        else "The map holds Shapley values of places that were hidden in turn by a blurred scan."
    )
    notes: Sequence[str] = (quality_line(page.evaluation, "scan"),)
    if page.mapped:
        notes = (*notes, f"{exact} {contributions.NOT_CAUSES}", BOXES)
    if not found.guarded:
        notes = (*notes, UNGUARDED)
    y = HEIGHT - MARGIN - 4 - len(notes) * 2 * QUIET.line
    sheet.rule((MARGIN, y - 1.5), (WIDTH - MARGIN, y - 1.5))
    for note in notes:
        y = sheet.paragraph((MARGIN, y), note, INNER, QUIET, 2)
    notice(sheet)
