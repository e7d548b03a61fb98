"""What could change, in plain language: the second page of a patient's report."""

from __future__ import annotations

from pmed_core.advice import Option
from pmed_core.figures import wording
from pmed_core.figures.advice import NOT_CAUSED, Told
from pmed_core.reports.sheet import (
    BLACK,
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

BODY, LEAD, QUIET = Type(10.5), Type(13, bold=True), Type(9, colour=SOFT)
HEADING = Type(12, bold=True)
BOTTOM = HEIGHT - MARGIN - 22


def draw_advice(sheet: Sheet, told: Told, about: str, whose: str) -> None:
    """A page of its own."""
    sheet.turn()
    y = head(sheet, f"What could change: {whose}", about)
    y = sheet.paragraph((MARGIN, y), _now(told), INNER, LEAD, 2) + 1
    y = sheet.paragraph((MARGIN, y), _about(told), INNER, BODY, 4) + 3
    advice = told.advice
    for title, options in (
        ("One thing at a time", advice.singles), ("Two things together", advice.pairs)
    ):  # fmt: skip
        y = _listed(sheet, told, (title, options), y)
    y = _left(sheet, told, y)
    sheet.rule((MARGIN, BOTTOM + 4), (WIDTH - MARGIN, BOTTOM + 4))
    sheet.paragraph((MARGIN, BOTTOM + 6), _notes(told), INNER, QUIET, 3)
    notice(sheet)


def _now(told: Told) -> str:
    advice, said = told.advice, told.said
    span = said.span(advice.low, advice.high)
    return f"Now: {_counted(told, advice.value)} (interval {span})."


def _counted(told: Told, value: float) -> str:
    """ "14 of 100 patients like this one would have the event", or the amount."""
    if told.said.of_hundred:
        return f"{wording.out_of_hundred(value, told.one)} would have the event"
    return f"{told.said.name} {told.said.said(value)}"


def _about(told: Told) -> str:
    way = "higher" if told.advice.higher else "lower"
    return (
        f"The model compared {told.one}s who are like this one in everything but one or two "
        f"things. Those below go with a {way} {told.said.name}. {NOT_CAUSED} Before anything is "
        "changed, talk about it with your care team."
    )


def _listed(sheet: Sheet, told: Told, part: tuple[str, tuple[Option, ...]], y: float) -> float:
    """Each as a sentence; what does not fit is said."""
    title, options = part
    if not options:
        return y
    y = sheet.text((MARGIN, y), title, INNER, HEADING) + 0.5
    for shown, option in enumerate(options):
        if y > BOTTOM - 16:
            rest = wording.counted(len(options) - shown, "more change")
            return sheet.text((MARGIN, y), f"… and {rest} on the screen.", INNER, QUIET) + 2
        y = sheet.paragraph((MARGIN, y), f"• {sentence(told, option)}", INNER, BODY, 3)
        y = sheet.paragraph((MARGIN + 2.6, y), _behind(told, option), INNER - 2.6, QUIET, 2) + 1
    return y + 2


def sentence(told: Told, option: Option) -> str:
    """ "If smoker were no instead of yes: 18 %, instead of 23 % now."."""
    each = wording.listed([
        f"{change.variable} were {told.cell(change)} instead of {told.cell(change, after=False)}"
        for change in option.changes
    ])  # fmt: skip
    said = told.said
    return (
        f"If {each}: {said.name} {said.said(option.value)} (interval {told.span(option)}), instead "
        f"of {said.said(told.advice.value)} now."
    )


def _behind(told: Told, option: Option) -> str:
    """How many are like that, and what each would be alone."""
    found = []
    if told.advice.among:
        found.append(
            f"{told.similar(option)} {told.one}s most like this one in everything else have such "
            "values."
        )
    if len(option.changes) > 1:
        pairs = zip(option.changes, option.alone, strict=True)
        each = [f"{change.variable} {told.said.said(value)}" for change, value in pairs]
        found.append(f"Each alone: {wording.listed(each)}.")
    tried = [f"{one.variable} {told.range(one.variable)}" for one in option.changes]
    found.append(f"Values looked at: {wording.listed(tried)}.")
    return " ".join(found)


def _left(sheet: Sheet, told: Told, y: float) -> float:
    """What does not help."""
    advice = told.advice
    way = "higher" if advice.higher else "lower"
    if not told.options:
        said = f"No change within the limits goes with a {way} {told.said.name}."
    elif advice.unmoved:
        names = wording.listed(advice.unmoved)
        said = f"No value within the limits goes with a {way} {told.said.name} for: {names}."
    else:
        return y
    return sheet.paragraph((MARGIN, y), said, INNER, Type(9.5, colour=BLACK), 3)


def _notes(told: Told) -> str:
    return (
        f"An interval says how far the model may be off about such a {told.one}, not how sure it "
        "is that a change would help. Only what was set for this model may change, within its "
        "limits and where the model has seen patients."
    )
