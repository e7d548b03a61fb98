"""A patient on one page, as PDF; further pages are drawn by whoever has more to say."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.figures import contributions, risk, theme, wording
from pmed_core.figures.cohorts import PLACES_SHOWN, Place
from pmed_core.figures.decisions import worth
from pmed_core.figures.standing import (
    NO_RISK,
    NO_RISK_WHY,
    NOT_TOLD,
    Standing,
    basis_sentence,
    basis_title,
    shown_labels,
    standing,
    withheld,
)
from pmed_core.quantity import Quantity
from pmed_core.reports.sheet import (
    GREY,
    HEIGHT,
    INNER,
    MARGIN,
    SOFT,
    TABLE,
    WIDTH,
    Sheet,
    Type,
    head,
    notice,
)
from pmed_core.reports.waterfall import draw_waterfall
from pmed_core.work import Consultation

LEFT, GAP = 104.0, 8.0
RIGHT = INNER - LEFT - GAP
RIGHT_X = MARGIN + LEFT + GAP
SMALL = Type(8)
QUIET = Type(7.5, colour=SOFT)
HEADING = Type(11, bold=True)
VARIABLES, NEIGHBOURS, WARNINGS = 8, 5, 3
Further = Callable[[Sheet, str], None]
TALL = 360 / 520
"""Of a picture of a structure: its height by its width."""


@dataclass(frozen=True)
class PatientPage:
    """What stands on the page.

    Attributes:
        explanation: whose first row is this patient; its label is the one reported. None where
            there is none.
        places: the patient's numbers among the cohort's, those that moved the model most first.
        threshold: where alerts begin; None where there is none.
        named: whether the patient is one of the cohort's, not values that were typed.
        picture: of a structure, as SVG; empty where there is none.
        further: what draws further pages of a patient of whom something is told, each given the
            sheet and whose report it is.
    """

    patient: str
    model: str
    made: datetime
    consultation: Consultation
    evaluation: Evaluation
    explanation: Explanation | None = None
    places: tuple[Place, ...] = ()
    threshold: float | None = None
    named: bool = True
    picture: str = ""
    further: tuple[Further, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether a risk is given: the patient is familiar, and the model better than chance."""
        return not self.consultation.outside and self.how.tells

    @property
    def how(self) -> Standing:
        """How far to trust what is reported."""
        return standing(self.evaluation, self.consultation.labels[self.index])

    @property
    def one(self) -> str:
        """What is reported on: a patient, a molecule."""
        return self.evaluation.one

    @property
    def index(self) -> int:
        """Of the label that is reported."""
        labels = self.consultation.labels
        if self.explanation is not None and self.explanation.label in labels:
            return labels.index(self.explanation.label)
        return self.evaluation.outcome.at_first(self.consultation.value)

    @property
    def quantity(self) -> Quantity:
        """What is reported: how it is said, and its unit."""
        return self.evaluation.outcome.quantities[self.index]

    @property
    def event(self) -> str:
        """What is predicted, in words: "In-hospital death is 1"."""
        return self.evaluation.outcome.event(self.consultation.labels[self.index])


def patient_report(*pages: PatientPage) -> bytes:
    """The PDF of one or more. Where one is outside what the model has seen, no number is given."""
    return draw(*pages).bytes()


def draw(*pages: PatientPage) -> Sheet:
    """The sheet before it becomes bytes: one after the other, each from a new page on."""
    first, many = pages[0], wording.counted(len(pages), pages[0].one)
    title = f"Report of {_whose(first)}" if len(pages) == 1 else f"Reports of {many}"
    sheet = Sheet(title, first.made)
    for number, page in enumerate(pages):
        if number:
            sheet.turn()
        _drawn(sheet, page)
    return sheet


def _whose(page: PatientPage) -> str:
    return f"{page.one} {page.patient}" if page.named else page.patient


def _drawn(sheet: Sheet, page: PatientPage) -> None:
    whose = _whose(page)
    about = f"{page.quantity.quoted(page.event)}, by the model “{page.model}”"
    y = head(sheet, f"{whose[:1].upper()}{whose[1:]}", about)
    y = _trust(sheet, page, y) + 2
    y = _risk(sheet, page, y) if page.tells else _no_risk(sheet, page, y)
    y = _warnings(sheet, page, y) + 3
    left = _why(sheet, page, y) if page.tells else y
    right = _picture(sheet, page, y)
    right = _values(sheet, page, right, wide=not page.tells)
    y = max(left, right) + 4
    _missing_and_similar(sheet, page, y)
    _foot(sheet, page)
    for drawn in page.further if page.tells else ():
        drawn(sheet, whose)


def _risk(sheet: Sheet, page: PatientPage, y: float) -> float:
    """Number, words and people."""
    consultation, i = page.consultation, page.index
    value, said = consultation.value[i], page.quantity
    shown, interval = said.said(value), said.span(consultation.low[i], consultation.high[i])
    top = y
    number = sheet.shrunk(shown, Type(30, bold=True), 0.55 * LEFT)
    y = sheet.text((MARGIN, y), shown, 60, number)
    y = max(y, top + Type(30).line)
    width = sheet.width(shown, number)
    beside = (MARGIN + width + 4, top + 3.5)
    room = LEFT - width - 4
    sheet.text(beside, interval, room, sheet.shrunk(interval, Type(12), room))
    told = f"interval: {consultation.interval}"
    y = max(y, sheet.paragraph((beside[0], top + 8.8), told, room, QUIET, 2))
    if said.of_hundred:
        told = f"{wording.out_of_hundred(value, page.one)} would have the event.".capitalize()
        y = sheet.paragraph((MARGIN, y + 1), told, LEFT, Type(10), 2)
    if consultation.position and math.isfinite(consultation.position[i]):
        told = risk.position_caption(
            consultation.position[i], page.evaluation.n, said=said, of=page.one
        )
        y = sheet.paragraph((MARGIN, y), told, LEFT, Type(9, colour=SOFT), 2)
    if told := worth(page.evaluation, consultation.labels[i], value, page.threshold):
        y = sheet.paragraph((MARGIN, y), told, LEFT, Type(9, colour=SOFT), 2)
    if len(consultation.labels) > 1:
        y = _labels(sheet, page, y + 1)
    dots = _dots(sheet, value, page.threshold, top) if said.of_hundred else y
    return max(y, dots) + 1


def _labels(sheet: Sheet, page: PatientPage, y: float) -> float:
    """All classes, horizons or outcomes of which a number is shown in one sentence, and why others
    have none."""
    outcome, labels = page.evaluation.outcome, page.consultation.labels
    places = shown_labels(page.evaluation, labels)
    each = dict(zip(labels, outcome.quantities, strict=True))
    found = [(labels[k], page.consultation.value[k]) for k in places]
    if not outcome.in_time and len(set(each.values())) == 1:
        found.sort(key=lambda pair: -pair[1])
    shown = [f"{outcome.shown(name)} {each[name].said(value)}" for name, value in found]
    said = " ".join((f"{outcome.every}: {', '.join(shown)}.", *withheld(page.evaluation, labels)))
    return sheet.paragraph((MARGIN, y), said, LEFT, SMALL, 3)


def _dots(sheet: Sheet, probability: float, threshold: float | None, top: float) -> float:
    ill, unit = risk.ill_of_hundred(probability), RIGHT / risk.ACROSS
    height = unit * 100 / risk.ACROSS

    def placed(path: risk.Path) -> risk.Path:
        return [
            (step, tuple((RIGHT_X + x * unit, top + height - y * unit) for x, y in points))
            for step, points in path
        ]

    sheet.shape(placed(risk.dots(ill)), theme.EVENT, theme.EVENT)
    sheet.shape(placed(risk.dots(100 - ill, ill)), "#FFFFFF", GREY)
    said = f"{ill} of 100 filled"
    if threshold is not None:
        side = "at or above" if probability >= threshold else "below"
        said += f": {side} the threshold of {wording.percent(threshold)}"
    return sheet.paragraph((RIGHT_X, top + height + 0.6), said, RIGHT, QUIET, 2)


def _trust(sheet: Sheet, page: PatientPage, y: float) -> float:
    """Which networks speak, and how far to trust them."""
    how = page.how
    title = f"{basis_title(page.consultation.basis)}  ·  {how.headline}"
    y = sheet.text((MARGIN, y), title, INNER, Type(9, bold=True))
    who = basis_sentence(page.consultation, page.named, page.one)
    said = f"{who} The model: {'; '.join(how.details)}."
    return sheet.paragraph((MARGIN, y), said, INNER, QUIET, 2)


def _no_risk(sheet: Sheet, page: PatientPage, y: float) -> float:
    """Instead of the number."""
    if page.consultation.outside:
        return _outside(sheet, page, y)
    y = sheet.paragraph((MARGIN, y), f"{NO_RISK}.", INNER, Type(14, bold=True), 2)
    return sheet.paragraph((MARGIN, y), f"{NO_RISK_WHY.format(one=page.one)}.", INNER, SMALL, 2)


def _outside(sheet: Sheet, page: PatientPage, y: float) -> float:
    """For somebody unlike all that the model has seen."""
    title = f"{wording.OUTSIDE}: no risk is given"
    y = sheet.text((MARGIN, y), title, INNER, Type(14, bold=True))
    for sentence in _some(page.consultation.outside, 5):
        y = sheet.paragraph((MARGIN, y + 0.8), f"• {sentence}", INNER, Type(9.5), 2)
    return y


def _some(sentences: Sequence[str], count: int) -> list[str]:
    """So many of them, and how many more there are."""
    found = list(sentences[:count])
    more = len(sentences) - count
    return [*found, f"… and {more} more."] if more > 0 else found


def _warnings(sheet: Sheet, page: PatientPage, y: float) -> float:
    for sentence in page.consultation.about:
        y = sheet.paragraph((MARGIN, y + 0.8), sentence, INNER, SMALL, 2)
    for sentence in _some(page.consultation.unseen, WARNINGS):
        y = sheet.paragraph((MARGIN, y + 0.8), f"! {sentence}", INNER, SMALL, 2)
    return y


def _why(sheet: Sheet, page: PatientPage, y: float) -> float:
    if page.explanation is None:
        return y
    y = sheet.text((MARGIN, y), "What moved the model", LEFT, HEADING)
    return draw_waterfall(sheet, page.explanation, (MARGIN, y + 1), LEFT, VARIABLES)


def _picture(sheet: Sheet, page: PatientPage, y: float) -> float:
    """The structure, coloured as on the screen."""
    if not page.picture:
        return y
    y = sheet.text((RIGHT_X, y), "Structure", RIGHT, HEADING)
    sheet.picture((RIGHT_X, y), page.picture.encode(), (RIGHT, RIGHT * TALL))
    y += RIGHT * TALL
    if page.tells and page.explanation is not None:
        said = f"Orange raises the {page.quantity.name}, blue lowers it."
        y = sheet.paragraph((RIGHT_X, y), said, RIGHT, QUIET, 2)
    return y + 1


def _values(sheet: Sheet, page: PatientPage, y: float, wide: bool) -> float:
    """As they are given: those that moved the model most first, where that is known."""
    if not page.places:
        return y
    x, width = (MARGIN, INNER) if wide else (RIGHT_X, RIGHT)
    shown = page.places[:PLACES_SHOWN]
    rows = [("Variable", page.one.capitalize(), "5 to 95 %"), *map(_value_row, shown)]
    y = sheet.text((x, y), "Values against the cohort", width, HEADING)
    # The tables below this one need as much of the page again as they have rows at most.
    bottom = _foot_top(page) - (NEIGHBOURS + 1) * (Type(TABLE).line + 1.2) - 16
    y = sheet.table((x, y + 1), rows, width, (1, 2), bottom)
    return sheet.text((x, y), "▲ ▼ outside 5 to 95 %; ▲▲ ▼▼ beyond everyone's", width, QUIET)


def _value_row(place: Place) -> tuple[str, str, str]:
    mark = ""
    if place.outside:
        mark = "▲" if place.at > 0.5 else "▼"
        mark = mark * 2 if "anyone" in place.outside else mark
    value = wording.cell(place.value, place.variable)
    span = f"{wording.number(place.low)} to {wording.number(place.high)}"
    return place.variable.name, f"{mark} {value}".strip(), span


def _missing_and_similar(sheet: Sheet, page: PatientPage, y: float) -> None:
    neighbours, bottom = page.consultation.neighbours[:NEIGHBOURS], _foot_top(page)
    if neighbours:
        heading = f"Most similar {page.one}s of the training cohort"
        at = sheet.text((MARGIN, y), heading, LEFT, HEADING)
        # Without their ids: a report of one patient goes where others are not to be known.
        rows = [("What happened", "Predicted (out of fold)")]
        told = page.how.tells
        rows += [
            (n.observed, page.quantity.said(n.of(page.index)) if told else NOT_TOLD)
            for n in neighbours
        ]
        sheet.table((MARGIN, at + 1), rows, LEFT, (1,), bottom)
    if page.consultation.missing:
        at = sheet.text((RIGHT_X, y), "Missing values that matter", RIGHT, HEADING)
        moves = [("Not known", f"Would move the {page.quantity.name}")]
        for name, size in page.consultation.missing[:NEIGHBOURS]:
            moves.append((name, _moved(page, size)))
        sheet.table((RIGHT_X, at + 1), moves, RIGHT, (1,), bottom)


def _moved(page: PatientPage, size: float) -> str:
    """A move of the score as values around this patient's; as it is where no value is given."""
    value, said = page.consultation.value[page.index], page.quantity
    if not page.tells or not math.isfinite(value):
        return f"{wording.number(abs(size), 2)} {said.scale}"
    ends = [said.value(said.score(value) + sign * abs(size)) for sign in (-1, 1)]
    return f"to {said.said(ends[0])} or {said.said(ends[1])}"


def quality_line(evaluation: Evaluation, of: str = "") -> str:
    """How good the model is, in one sentence with intervals; ``of``: what was counted, one of them,
    where the evaluation does not know."""
    of = wording.counted(evaluation.n, of or evaluation.of)
    outcome = evaluation.outcome
    shown = (evaluation.discrimination, outcome.error, outcome.main("calibration_slope"))
    found = [
        f"{wording.measure_title(name, outcome)} "
        f"{wording.measured(name, evaluation.measures[name], outcome)}"
        for name in shown
        if name in evaluation.measures
    ]
    counted = outcome.counted(evaluation.events)
    events = "".join(f", {size:,} {name}" for name, size in counted) if len(counted) == 1 else ""
    return (
        f"The model on {of}{events}: {', '.join(found)}; 95 % intervals in "
        f"brackets.{_without_interval(evaluation)} Evaluated {evaluation.on}."
    )


def _without_interval(evaluation: Evaluation) -> str:
    """Why discrimination has none, where it has none."""
    name = evaluation.discrimination
    found, title = evaluation.measures.get(name), wording.measure_title(name)
    if found is None or found.bounded or not math.isfinite(found.value):
        return ""
    if found.value in (0.0, 1.0):
        return f" No interval of the {title}: perfect separation, by a leak or in too few patients."
    return f" No interval of the {title}: too few patients."


def footnotes(page: PatientPage, lacking: Sequence[str]) -> list[str]:
    """What a reader must know about the numbers above."""
    found = [quality_line(page.evaluation)]
    if page.tells:
        found.append(
            f"The interval beside the {page.quantity.name} is {page.consultation.interval}: "
            f"{page.quantity.uncertainty}."
        )
        found.append(
            f"Contributions are SHAP values in {page.quantity.shares}. " + contributions.NOT_CAUSES
        )
    if lacking:
        shown = [f"U+{ord(c):04X} {unicodedata.name(c, 'unnamed').lower()}" for c in lacking[:3]]
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        found.append(
            "Some characters are not in this report's font and are written as their Unicode "
            f"numbers: {', '.join(shown)}{more}."
        )
    return found


def _foot_top(page: PatientPage, lacking: Sequence[str] = "?") -> float:
    """Where the rule above the notes is; ``lacking`` as if there were such characters, until the
    page is full."""
    return HEIGHT - MARGIN - 5.5 - len(footnotes(page, lacking)) * 2 * QUIET.line


def _foot(sheet: Sheet, page: PatientPage) -> None:
    notes, top = footnotes(page, sheet.lacking), _foot_top(page, sheet.lacking)
    sheet.rule((MARGIN, top), (WIDTH - MARGIN, top))
    y = top + 1.5
    for note in notes:
        y = sheet.paragraph((MARGIN, y), note, INNER, QUIET, 2)
    notice(sheet)
