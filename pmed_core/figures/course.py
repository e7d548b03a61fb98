"""The course that is predicted for one patient: the share without the event, by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pmed_core.evaluation import Curve
from pmed_core.figures import theme, wording
from pmed_core.variable import readable

QUARTERS = (
    (0.75, "the worst quarter have the event by {}", "three quarters"),
    (0.5, "half by {}", "half"),
    (0.25, "the best quarter not before {}", "a quarter"),
)
"""The share that is left, what is said of when it is, and who are left where that is not seen: the
worst case, the typical and the best (Kiely et al., J Clin Oncol 2011)."""


def since(curve: Curve, time: float) -> Curve:
    """The course of those who have come this far without the event: S(t) / S(time).

    Without a band, as the ends of one curve's interval say nothing of the ratio.
    """
    if time <= curve.x[0]:
        return curve
    left = at(curve, time)
    later = [(x, y / left) for x, y in zip(curve.x, curve.y, strict=True) if x > time]
    x, y = zip(*[(time, 1.0), *later], strict=True)
    return Curve(tuple(x), tuple(y))


def at(curve: Curve, time: float) -> float:
    """The share without the event at a time, straight between the known ones."""
    return float(np.interp(time, curve.x, curve.y))


def reached(curve: Curve, share: float) -> float | None:
    """When the share without the event has fallen to this; None where it is not seen to."""
    if curve.y[-1] > share:
        return None
    return float(np.interp(-share, -np.asarray(curve.y), curve.x))


def course(patient: Curve, cohort: Curve, unit: str) -> go.Figure:
    """The patient's course with its interval, and that of all patients, dashed."""
    shown = theme.figure(f"Time ({unit})", "Without the event", height=300)
    if patient.low:
        theme.band(shown, patient.x, patient.low, patient.high)
    if cohort.x:
        theme.line(
            shown, cohort.x, cohort.y, colour=theme.GREY, dash="dash", width=2,
            name="All patients, as observed",
            hovertemplate=f"%{{x:,.4~r}} {unit}: %{{y:.0%}}<extra>All patients</extra>",
        )  # fmt: skip
    theme.line(
        shown, patient.x, patient.y, colour=theme.MODEL, width=3, name="This patient",
        hovertemplate=f"%{{x:,.4~r}} {unit}: %{{y:.0%}}<extra>This patient</extra>",
    )  # fmt: skip
    theme.percent_axis(shown, "y", range=[0, 1.02])
    shown.update_xaxes(range=[patient.x[0], patient.x[-1]])
    shown.update_layout(showlegend=True)
    return shown


def caption(patient: Curve, cohort: Curve, unit: str) -> str:
    """When the worst quarter, half and all but the best quarter of such patients have the event."""
    found = [(said, left, reached(patient, share)) for share, said, left in QUARTERS]
    told = wording.listed(
        [said.format(readable(time)) for said, _, time in found if time is not None]
    )
    never = [left for _, left, time in found if time is None]
    text = f"Of patients like this one, {told} {unit}" if told else ""
    if never:
        rest = f"more than {never[0]} are without it for as long as patients were followed"
        of_all = f"Of patients like this one, {rest.replace('without it', 'without the event')}"
        text = f"{text}; {rest}" if text else of_all
    band = " The band is the interval of the prediction." if patient.low else ""
    dashed = " Dashed: all patients, as observed (Kaplan-Meier)." if cohort.x else ""
    begun = " Times count from the start, not from now." if patient.x[0] > 0 else ""
    return f"{text}.{begun}{band}{dashed}"


def table(patient: Curve, cohort: Curve, unit: str) -> pd.DataFrame:
    """The same in numbers."""
    found = pd.DataFrame({f"Time ({unit})": patient.x, "Without the event": patient.y})
    if patient.low:
        found["Low"], found["High"] = patient.low, patient.high
    if cohort.x:
        found["All patients"] = np.interp(patient.x, cohort.x, cohort.y)
    return found


def incidences(found: Mapping[str, Curve], unit: str) -> go.Figure:
    """The share who have had each of several events, by time."""
    shown = theme.figure(f"Time ({unit})", "Have had it", height=300)
    for number, (name, line) in enumerate(found.items()):
        colour = theme.EVENT if not number else theme.SERIES[(number + 1) % len(theme.SERIES)]
        if line.low:
            theme.band(shown, line.x, line.low, line.high, colour)
        theme.line(
            shown, line.x, line.y, name=wording.label(name, 40), colour=colour, width=3,
            dash=theme.DASHES[number % len(theme.DASHES)],
            hovertemplate=f"%{{x:,.4~r}} {unit}: %{{y:.1%}}"
            f"<extra>{wording.label(name, 40)}</extra>",
        )  # fmt: skip
    highest = max((max(line.high or line.y) for line in found.values()), default=1.0)
    theme.percent_axis(shown, "y", range=[0, min(1.02, 1.12 * highest + 0.01)])
    shown.update_layout(showlegend=True)
    return shown


def incidences_caption(found: Mapping[str, Curve], unit: str) -> str:
    """How many have had each by the end, and whose estimate it is."""
    last = next(iter(found.values())).x[-1]
    ends = [
        f"{name} {wording.percent(line.y[-1])}"
        + (f" ({wording.percents(line.low[-1], line.high[-1])})" if line.low else "")
        for name, line in found.items()
    ]
    bands = " with 95 % intervals" if all(line.low for line in found.values()) else ""
    return (
        f"Within {readable(last)} {unit}: {wording.listed(ends)}. Cumulative incidence "
        f"(Aalen-Johansen){bands}: a patient with one event can no longer have another first. A "
        "model of the first one counts the others as last seen, so its risks are those if the "
        "others did not exist."
    )


def incidences_table(found: Mapping[str, Curve], unit: str) -> pd.DataFrame:
    """The same in numbers."""
    told = pd.DataFrame({f"Time ({unit})": next(iter(found.values())).x})
    for name, line in found.items():
        told[name] = line.y
        if line.low:
            told[f"{name}, low"], told[f"{name}, high"] = line.low, line.high
    return told


def risks(curve: Curve, horizons: Sequence[float], unit: str) -> pd.DataFrame:
    """Risk at each horizon that is still ahead."""
    ahead = [horizon for horizon in horizons if horizon > curve.x[0]]
    return pd.DataFrame(
        {
            f"By ({unit})": ahead,
            "Risk": [wording.percent(1 - at(curve, horizon)) for horizon in ahead],
        }
    )
