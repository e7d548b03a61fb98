"""One patient under each option: the second page of a report about a treatment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pmed_core.figures import theme
from pmed_core.figures.wording import capitalised
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.effect import Effect, effect_of
from pmed_core.outcomes.effect import options_figures as figures
from pmed_core.outcomes.effect.diagnostics import diagnostics_of
from pmed_core.outcomes.effect.verdicts import calibrated
from pmed_core.reports.sheet import (
    GREY,
    INNER,
    MARGIN,
    SOFT,
    Sheet,
    Type,
    head,
    notice,
)
from pmed_core.work import Consultation

BODY, HEADING, LEAD = Type(9.5), Type(11.5, bold=True), Type(12, bold=True)
QUIET = Type(8.5, colour=SOFT)
SIDE, ACROSS = 3.0, 50
PALE = "#F2CBB0"
"""Of squares between the estimate and the upper end of its interval."""


def pages(
    outcome: Outcome, card: Mapping[str, Any], found: Consultation
) -> tuple[Callable[[Sheet, str], None], ...]:
    """What a report says of each option, where options are compared."""
    if not found.given:
        return ()
    effect, kept = effect_of(outcome), diagnostics_of(card)
    each = kept.comparisons if kept else ()
    said = tuple(f"{one.verdict} {calibrated(effect, one)}".strip() for one in each)
    return (lambda sheet, whose: _draw(sheet, (effect, found), said, whose),)


def _draw(
    sheet: Sheet, asked: tuple[Effect, Consultation], said: tuple[str, ...], whose: str
) -> None:
    """A page of its own; ``said``: whether effects differ between patients at all."""
    effect, found = asked
    sheet.turn()
    y = head(sheet, f"What each option would do: {whose}", capitalised(effect.question()))
    for k in range(effect.effects):
        y = sheet.paragraph((MARGIN, y), figures.difference(effect, found, k), INNER, LEAD, 4) + 1
        _, told = figures.overlap(effect, found, k)
        y = sheet.paragraph((MARGIN, y), f"{told}.", INNER, QUIET, 2) + 1
    for verdict in said:
        y = sheet.paragraph((MARGIN, y), f"All patients: {verdict}", INNER, QUIET, 4) + 1
    y = _each(sheet, effect, found, y + 1)
    y = _listed(sheet, "On what this depends", figures.assumptions(effect), y + 2)
    card = [f"{title}: {text}" for title, text in figures.card(effect)]
    _listed(sheet, "The target trial", card, y + 2)
    notice(sheet)


def _each(sheet: Sheet, effect: Effect, found: Consultation, y: float) -> float:
    """Each option with its interval, and a hundred squares where they can be counted."""
    y = sheet.text((MARGIN, y), "Under each option", INNER, HEADING) + 0.5
    for option in range(len(effect.options)):
        k = effect.effects + option
        y = sheet.paragraph((MARGIN, y), figures.under(effect, found, option), INNER, BODY, 2)
        if effect.of.quantities[0].of_hundred and math.isfinite(found.value[k]):
            y = _squares(sheet, found.value[k], found.high[k], y + 0.5) + 1.5
    if effect.of.quantities[0].of_hundred:
        told = "Filled: with the event. Pale: up to the upper end of the interval."
        y = sheet.text((MARGIN, y), told, INNER, QUIET)
    return y


def _squares(sheet: Sheet, value: float, high: float, y: float) -> float:
    filled, pale = (round(100 * min(max(end, 0.0), 1.0)) for end in (value, high))
    for i in range(100):
        row, column = divmod(i, ACROSS)
        colour = theme.EVENT if i < filled else PALE if i < pale else ""
        border = theme.EVENT if i < pale else GREY
        at = (MARGIN + column * (SIDE + 0.6), y + row * (SIDE + 0.6))
        sheet.box(at, (SIDE, SIDE), colour, border)
    return y + 2 * (SIDE + 0.6)


def _listed(sheet: Sheet, title: str, lines: list[str] | tuple[str, ...], y: float) -> float:
    y = sheet.text((MARGIN, y), title, INNER, HEADING) + 0.5
    for one in lines:
        y = sheet.paragraph((MARGIN, y), f"• {one}", INNER, BODY, 3) + 0.5
    return y
