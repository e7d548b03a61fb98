"""What is known of a molecule without any model: a further page of its report."""

from __future__ import annotations

from pmed_core.modalities.molecule.portrait import Portrait
from pmed_core.modalities.molecule.words import ALERTED, NO_ALERTS, compared, nearest, ranked
from pmed_core.reports.sheet import INNER, MARGIN, SOFT, Sheet, Type, head, notice

BODY, QUIET, HEADING = Type(9), Type(8, colour=SOFT), Type(11, bold=True)
ALERTS = 20


def draw_properties(sheet: Sheet, found: Portrait, among: str, whose: str) -> None:
    """Properties, alerts and how near training is; ``among``: the name of the list that properties
    are compared with, empty where it is the molecules of training."""
    sheet.turn()
    y = head(sheet, f"Properties: {whose}", f"Structure: {found.smiles}")
    if found.changes:
        y = sheet.paragraph((MARGIN, y), f"When it was read, {'; '.join(found.changes)}.", INNER,
                            QUIET, 3) + 1  # fmt: skip
    y = sheet.table((MARGIN, y), _rows(found, among), INNER, (1, 2)) + 1
    y = sheet.paragraph((MARGIN, y), compared(found, among), INNER, QUIET, 2) + 3
    y = sheet.text((MARGIN, y), "Structural alerts", INNER, HEADING) + 1
    rows = [("Alert", "List"), *((one.name, one.catalogue) for one in found.alerts[:ALERTS])]
    y = sheet.table((MARGIN, y), rows, INNER, (1,)) if found.alerts else y
    y = sheet.paragraph((MARGIN, y), _alerts(found), INNER, QUIET, 2) + 3
    y = sheet.text((MARGIN, y), "Likeness to the molecules of training", INNER, HEADING) + 1
    sheet.paragraph((MARGIN, y), nearest(found), INNER, BODY, 3)
    notice(sheet)


def _rows(found: Portrait, among: str) -> list[list[str]]:
    told = any(one.lower is not None for one in found.facts)
    title = [("In the list" if among else "In training")] if told else []
    rows = [["Property", "Value", *title, "What it means"]]
    for one in found.facts:
        place = [] if not told else ["" if one.lower is None else ranked(one.lower)]
        rows.append([one.name, one.value, *place, one.meaning])
    return rows


def _alerts(found: Portrait) -> str:
    if not found.alerts:
        return NO_ALERTS
    more = len(found.alerts) - ALERTS
    return (f"{more} more on the screen. " if more > 0 else "") + ALERTED
