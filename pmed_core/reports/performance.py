"""How good a model is, on one page as PDF, and on another by groups of its patients.

The items are those that TRIPOD+AI asks of an evaluation (Collins et al., BMJ 2024;385:e078378):
data, outcome, predictors, missing values, validation, discrimination, calibration, net benefit,
comparison and limits; what nobody wrote down says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from pmed_core.evaluation import Evaluation
from pmed_core.figures import wording
from pmed_core.figures.standing import standing
from pmed_core.outcomes import Outcome
from pmed_core.reports.plot import draw_plot
from pmed_core.reports.sheet import (
    HEIGHT,
    INNER,
    MARGIN,
    SOFT,
    WIDTH,
    Sheet,
    Type,
    head,
    notice,
)
from pmed_core.settings import NOT_STATED
from pmed_core.subgroups import Subgroups
from pmed_core.variable import Variable

GAP = 8.0
HALF = (INNER - GAP) / 2
RIGHT = MARGIN + HALF + GAP
HEADING, SMALL, QUIET = Type(11, bold=True), Type(8), Type(7.5, colour=SOFT)
MEASURES, BASELINES, PLOT = 12, 6, 58.0
LABELS = 36
"""On a page of its own."""
GROUPS, COLUMNS, ROW = 8, 3, 6.0
"""Of each variable, on the page of groups; columns of measures; millimetres of a row."""
BOTTOM = HEIGHT - MARGIN - 9

Picture = tuple[str, go.Figure, str]
"""A heading, a figure, and what it says."""


@dataclass(frozen=True)
class PerformancePage:
    """What stands on the page.

    Attributes:
        card: what the model was trained on, plain values.
        missing: how many values of the inputs are missing, in words.
        threshold: where alerts begin; None where there are none.
        pictures: two at most, those of the kind of outcome.
        groups: by one variable each; where there are none, the page says so.
        without: why there are none by other variables, a sentence each.
    """

    model: str
    made: datetime
    evaluation: Evaluation
    card: Mapping[str, Any]
    variables: Sequence[Variable]
    missing: str
    threshold: float | None = None
    notes: str = ""
    pictures: Sequence[Picture] = ()
    groups: Sequence[Subgroups] = ()
    without: Sequence[str] = ()


def performance_report(page: PerformancePage) -> bytes:
    """The PDF."""
    sheet = Sheet(f"Performance of {page.model}", page.made)
    how, asked = standing(page.evaluation), page.evaluation.outcome.question()
    y = head(sheet, page.model, f"Performance of a model that predicts: {asked}")
    y = sheet.text((MARGIN, y), how.headline, INNER, Type(9, bold=True))
    said = f"{wording.capitalised('; '.join(how.details))}. {page.evaluation.verdict}"
    y = sheet.paragraph((MARGIN, y), said, INNER, SMALL, 5) + 3
    y = max(_facts(sheet, page, y), _measures(sheet, page, y)) + 1
    y = sheet.paragraph((MARGIN, y), _inputs(page), INNER, QUIET, 2) + 2
    y = _pictures(sheet, page, y) + 2
    _comparison(sheet, page.evaluation, y)
    _limits(sheet, page, y)
    _foot(sheet, page)
    _by_labels(sheet, page)
    if page.groups:
        _by_groups(sheet, page)
    return sheet.bytes()


def _facts(sheet: Sheet, page: PerformancePage, y: float) -> float:
    """Whose data, how many, and how they were held out."""
    found, card = page.evaluation, page.card
    counted = found.outcome.counted(found.events)
    rows = [
        ("Evaluation", ""),
        ("Trained on", str(card.get("cohort", "")) or NOT_STATED),
        ("Evaluated on", found.on),
        ("Size", wording.counted(found.n, found.of)),
        *((name[:1].upper() + name[1:], f"{size:,}") for name, size in counted[:4]),
        ("Inputs", f"{len(page.variables):,}"),
        ("Missing values", page.missing),
        ("Model", str(card.get("model", "")) or NOT_STATED),
        ("Trained", str(card.get("trained", ""))[:10] or NOT_STATED),
    ]
    if page.threshold is not None:
        rows.append(("Alert threshold", wording.percent(page.threshold)))
    return sheet.table((MARGIN, y), rows, HALF, ())


def _measures(sheet: Sheet, page: PerformancePage, y: float) -> float:
    """Discrimination, calibration and error, each with its interval."""
    found, outcome = page.evaluation.measures, page.evaluation.outcome
    each = page.evaluation.of_each
    of_each = {f"{name}_{label}" for label, one in each.items() for name in one}
    names = list(
        dict.fromkeys((*page.evaluation.first, *(one for one in found if one not in of_each)))
    )
    rows = [("Performance", "95 % interval in brackets")]
    rows += [
        (wording.measure_title(name, outcome), wording.measured(name, found[name], outcome))
        for name in names[:MEASURES]
    ]
    y = sheet.table((RIGHT, y), rows, HALF, (1,))
    more = len(names) - MEASURES
    if more > 0:
        y = sheet.text((RIGHT, y), f"{more} more in the model card.", HALF, QUIET)
    if each:
        y = sheet.text((RIGHT, y), f"{outcome.every} are on the next page.", HALF, QUIET)
    return y


def _inputs(page: PerformancePage) -> str:
    return f"Inputs: {', '.join(variable.name for variable in page.variables)}."


def _pictures(sheet: Sheet, page: PerformancePage, y: float) -> float:
    below = y
    for left, (title, figure, caption) in zip((MARGIN, RIGHT), page.pictures, strict=False):
        at = sheet.text((left, y), title, HALF, HEADING)
        at = draw_plot(sheet, figure, (left, at + 0.5), (HALF, PLOT))
        below = max(below, sheet.paragraph((left, at), caption, HALF, QUIET, 4))
    return below


def _comparison(sheet: Sheet, evaluation: Evaluation, y: float) -> None:
    """The simpler models that were trained beside it."""
    y = sheet.text((MARGIN, y), "Compared with simpler models", HALF, HEADING)
    name = evaluation.discrimination
    title = wording.measure_title(name)
    rows = [(f"On the same {evaluation.of}s", title, "This model minus it")]
    rows += [
        (one.name, wording.measure(one.measures[name]), wording.measure(one.difference))
        for one in evaluation.baselines[:BASELINES]
        if name in one.measures
    ]
    if len(rows) > 1:
        sheet.table((MARGIN, y), rows, HALF, (1, 2))
    else:
        sheet.text((MARGIN, y), "No simpler model was trained beside it.", HALF, SMALL)


def _limits(sheet: Sheet, page: PerformancePage, y: float) -> None:
    """What the author and the users say, and what the evaluation warns of; how much of it is on the
    screen alone."""
    y = sheet.text((RIGHT, y), "Limits", HALF, HEADING)
    author = page.card.get("author", {})
    said = [
        str(author.get("limitations", "")).strip() or "The author states no limitations.",
        *([] if page.groups else ["Performance by sex, age or site is not in this report."]),
        *page.without,
        *([f"Notes of users: {page.notes}"] if page.notes else []),
        *page.evaluation.notes,
    ]
    for left in range(len(said), 0, -1):
        # A line is kept for the sentence that more is on the screen.
        room = int((BOTTOM - y - 0.6) / SMALL.line) - (1 if left > 1 else 0)
        if room < 1:
            sheet.text((RIGHT, y + 0.6), f"{left} more under Performance.", HALF, QUIET)
            return
        y = sheet.paragraph((RIGHT, y + 0.6), f"• {said[-left]}", HALF, SMALL, min(3, room))


def _by_labels(sheet: Sheet, page: PerformancePage) -> None:
    """Each of several labels by itself: their mean may hide one that is no better than chance."""
    found, outcome = list(page.evaluation.of_each.items()), page.evaluation.outcome
    for first in range(0, len(found), LABELS):
        sheet.turn()
        y = head(sheet, page.model, f"Performance: {outcome.every[:1].lower()}{outcome.every[1:]}")
        _foot(sheet, page)
        names = list(found[0][1])[:COLUMNS]
        rows = [[outcome.choice, *(wording.measure_title(name) for name in names)]]
        rows += [
            [outcome.shown(label), *(wording.measured(name, one[name], outcome) for name in names)]
            for label, one in found[first : first + LABELS]
        ]
        sheet.table((MARGIN, y), rows, INNER, range(1, len(rows[0])))


def _by_groups(sheet: Sheet, page: PerformancePage) -> None:
    """A model in each group of its patients, with what chance explains of the differences."""
    y = BOTTOM
    for found in page.groups:
        if y + ROW * (min(len(found.groups), GROUPS) + 6) > BOTTOM:
            sheet.turn()
            y = head(sheet, page.model, "Performance by groups of its patients")
            _foot(sheet, page)
        y = sheet.text((MARGIN, y), f"By {found.variable}", INNER, HEADING)
        y = sheet.paragraph((MARGIN, y), found.verdict, INNER, SMALL, 3) + 1
        y = sheet.table((MARGIN, y), _rows_of(found, page.evaluation.outcome), INNER, (1, 2)) + 4


def _rows_of(found: Subgroups, outcome: Outcome) -> list[list[str]]:
    """The whole, then each group, with the first measures that all of them have."""
    shown = [found.whole, *found.groups[:GROUPS]]
    names = [found.measure, *(name for name in found.whole.measures if name != found.measure)]
    titles = [wording.measure_title(name, outcome) for name in names[:COLUMNS]]
    cells = [
        [one.name, f"{one.n:,}", one.events,
         *(wording.measured(name, one.measures[name], outcome) for name in names[:COLUMNS])]
        for one in shown
    ]  # fmt: skip
    left = len(found.groups) - GROUPS
    more = [[f"{left} more under Performance", *[""] * (len(titles) + 2)]] if left > 0 else []
    return [["Group", "Evaluated", "Of them", *titles], *cells, *more]


def _foot(sheet: Sheet, page: PerformancePage) -> None:
    y = BOTTOM
    sheet.rule((MARGIN, y), (WIDTH - MARGIN, y))
    said = (
        f"On {page.evaluation.of}s that the model had not seen. Intervals: 95 %, from resampling "
        "whole patients, Wilson's for proportions. Items after TRIPOD+AI (BMJ 2024;385:e078378)."
    )
    sheet.paragraph((MARGIN, y + 1), said, INNER, QUIET, 2)
    notice(sheet)
