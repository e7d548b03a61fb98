"""What a page and a report say of a molecule, in the same words."""

from __future__ import annotations

from pmed_core.figures import wording
from pmed_core.modalities.molecule.portrait import Portrait

NO_ALERTS = "None of the structural alerts of PAINS, Brenk and NIH is in it."
ALERTED = (
    "Such parts often cause trouble in assays or in the body; an alert is a reason to look, no "
    "verdict."
)


def ranked(lower: float) -> str:
    """Of how many a value is the higher one."""
    if lower in (0.0, 1.0):
        return "higher than all" if lower else "lower than all"
    return f"higher than {wording.percent(lower)}"


def compared(found: Portrait, among: str) -> str:
    """With which molecules properties are compared; empty where they are not."""
    if all(one.lower is None for one in found.facts):
        return ""
    whom = "the molecules that the model was trained on"
    if among:
        whom = f"the {wording.counted(found.compared, 'different molecule')} of '{among}'"
    return f"Compared with {whom}, or 500 drawn from them; equal values count half."


def nearest(found: Portrait) -> str:
    """How near the nearest molecule of training is, and from where on one counts as inside."""
    inside = found.similarity >= found.limit
    return (
        f"The nearest molecule of training has a similarity of {found.similarity:.2f} (Tanimoto; 1 "
        f"is the same). From {found.limit:.2f} on a molecule counts as "
        f"{'inside' if inside else 'inside, and this one is outside,'} what the model has seen."
    )
