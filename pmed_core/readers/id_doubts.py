"""Where ids may tell fewer, or more, patients than there are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from pmed_core.readers.id_names import squeezed

PLACE = re.compile(
    r"(?:site|cent(?:er|re)|hospital|clinic|klinik|krankenhaus|zentrum|hopital|ospedale|centro"
    r"|institut(?:e|ion)|study|cohort|trial|region|country|fam(?:ily)?|fid|pedigree|household"
    r"|litter|医院|中心|病院)(?:id|no|nr|num|number|name|code)?"
)
"""What persons are numbered within, each beginning anew."""
LAST = re.compile(
    r"(?P<stem>.*[^\W_].*?)[\s_.:/-]*(?<![a-z])(?P<last>(?:v|visit|visite|t|time|tp|wk|week|mo|month"
    r"|day|bl|baseline|fu|follow-?up|pre|post|left|right|links|rechts|od|os|l|r)\.?\s*\d{0,2})",
    re.IGNORECASE,
)
"""P001-V1, 12_left: a visit or a side behind what may be the patient."""
MOSTLY, LASTS_AT_MOST = 0.9, 12


def doubt(person: str, cells: pd.DataFrame, others: Sequence[str]) -> str:
    """What speaks against one patient for each id, in a sentence; empty where nothing does.

    Args:
        others: the columns beside it.
    """
    ids = cells[person].dropna().astype("str")
    within = next((name for name in others if _begin_anew(ids, cells, name)), "")
    if within:
        return (
            f" They begin anew in each '{within}', so that one number may stand for several "
            f"patients: write '{within}' and '{person}' into one column to tell them apart."
        )
    return of_parts(ids)


def of_parts(ids: pd.Series[str]) -> str:
    """The same of ids that end in a visit or a side, several with the same beginning."""
    found = ids.str.extract(rf"^{LAST.pattern}$", flags=re.IGNORECASE)
    stems, lasts = found["stem"], found["last"]
    if len(ids) < 2 or stems.notna().mean() < MOSTLY:
        return ""
    several = stems.duplicated(keep=False).mean()
    if several < 0.5 or not 2 <= lasts.nunique() <= LASTS_AT_MOST:
        return ""
    first, second = (str(text) for text in ids[stems == stems[stems.duplicated()].iloc[0]][:2])
    return (
        f" Ids such as '{first}' and '{second}' may be of one patient (then there are "
        f"{stems.nunique():,}): write what they share into a column of its own, or such rows stand "
        "on both sides of a split."
    )


def _begin_anew(ids: pd.Series[str], cells: pd.DataFrame, name: str) -> bool:
    """Whether each value of that column has ids 1, 2, 3 … of its own."""
    if not PLACE.fullmatch(squeezed(name)) or ids.is_unique or not ids.str.fullmatch(r"\d+").all():
        return False
    places = cells[name][ids.index]
    if places.nunique() < 2 or pd.DataFrame({"id": ids, "place": places}).duplicated().any():
        return False
    numbers = ids.astype("int64").groupby(places)
    runs = (numbers.max() - numbers.min() + 1 == numbers.size()) & (numbers.min() <= 1)
    return bool(runs.mean() >= MOSTLY)
