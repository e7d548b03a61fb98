"""The judgement in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pmed_core.judgement import Measure, Rival
from pmed_core.outcome import Outcome, YesNo


def verdict(model: dict[str, Measure], rivals: Sequence[Rival]) -> str:
    """Network against the best baseline; says so where a baseline wins."""
    if not rivals:
        return "No baselines were trained beside this model, so nothing is said about its worth."
    best = rivals[0]
    difference = best.difference
    if not np.isfinite(difference.value):
        return "The model and the baselines cannot be compared on these patients."
    scores = f"AUROC {model['auroc'].value:.3f} against {best.measures['auroc'].value:.3f}"
    span = (
        f"difference {difference.value:+.3f}, 95 % interval {difference.low:+.3f} to "
        f"{difference.high:+.3f}"
    )
    if difference.high < 0:
        return f"{best.name} discriminates better than the network ({scores}; {span}): use that."
    if difference.low > 0:
        return f"The network discriminates better than every baseline ({scores} of {_lower(best.name)}, the best; {span})."
    return (
        f"The network is no better and no worse than {_lower(best.name)}, the best baseline, "
        f"within chance ({scores}; {span})." + _simpler(rivals)
    )


def _simpler(rivals: Sequence[Rival]) -> str:
    """Advice where the simplest model does as well."""
    for rival in rivals:
        if rival.name == "Logistic regression" and rival.difference.low <= 0:
            return " Logistic regression is simpler and does as well here: consider it."
    return ""


def _lower(name: str) -> str:
    return name if name.isupper() else name[:1].lower() + name[1:]


def notes(label: NDArray[np.int64], outcome: Outcome, unknown: int) -> tuple[str, ...]:
    """What a reader must know about these patients."""
    found = []
    if unknown:
        found.append(f"{unknown} patients have no known outcome and were left out.")
    if not len(label):
        return (*found, "No patient has a known outcome, so nothing can be judged.")
    rarest = int(np.bincount(label, minlength=2).min()) if isinstance(outcome, YesNo) else 0
    if isinstance(outcome, YesNo) and rarest == 0:
        found.append(
            "All patients have the same outcome: discrimination cannot be judged, "
            "only the size of the risks."
        )
    elif isinstance(outcome, YesNo) and rarest < 100:
        rare = "events" if (label == 1).mean() < 0.5 else "patients without the event"
        found.append(
            f"There are only {rarest} {rare}: intervals are wide, and 100 are advised for "
            "external validation (Collins et al., Stat Med 2016)."
        )
    return tuple(found)
