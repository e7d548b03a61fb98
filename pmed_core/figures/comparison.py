"""Models side by side: discrimination with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping

import plotly.graph_objects as go

from pmed_core.evaluation import Evaluation, Measure
from pmed_core.figures import theme, wording

MODEL = "This model"
SCALES = {"auroc": (0.0, 1.0), "c_index": (0.0, 1.0), "average_precision": (0.0, 1.0)}
"""An axis that goes on past the best there is would promise more."""


def of_all(found: Mapping[str, Evaluation]) -> str:
    """The measure of discrimination by which these models, of like outcomes, are compared."""
    first = next(iter(found.values()), None)
    return first.discrimination if first else "auroc"


def models(found: Mapping[str, Evaluation]) -> go.Figure:
    """One line a model, with its 95 % interval."""
    measure = of_all(found)
    known = {name: evaluation.measures.get(measure) for name, evaluation in found.items()}
    return forest({name: value for name, value in known.items() if value}, measure)


def models_caption(found: Mapping[str, Evaluation]) -> str:
    """The best of them, and when the comparison holds."""
    measure = of_all(found)
    known = {name: evaluation.measures.get(measure) for name, evaluation in found.items()}
    usable = {name: value for name, value in known.items() if value and math.isfinite(value.value)}
    if not usable:
        return "No model has been evaluated."
    best = (min if _low_is_good(measure) else max)(usable, key=lambda name: usable[name].value)
    return (
        f"{best} has the best {wording.measure_title(measure)}, {wording.measure(usable[best])}; "
        "lines are 95 % intervals, and models are only comparable on the same "
        f"{found[best].one}s."
    )


def baselines(evaluation: Evaluation) -> go.Figure:
    """The model and its baselines on the same folds."""
    measure = evaluation.discrimination
    found = {MODEL: evaluation.measures.get(measure)}
    found |= {baseline.name: baseline.measures.get(measure) for baseline in evaluation.baselines}
    return forest({name: value for name, value in found.items() if value}, measure)


def baselines_caption(evaluation: Evaluation) -> str:
    """What the lines are, and what the model is without a part of it."""
    if not evaluation.baselines:
        return "No baselines were trained beside this model."
    said = f"Lines are 95 % intervals on the same {evaluation.n:,} {evaluation.of}s."
    if any(one.name == "Network alone" for one in evaluation.baselines):
        said += " 'Network alone' is this model without its trees."
    return said


def _low_is_good(measure: str) -> bool:
    return measure in ("brier", "log_loss")


def forest(found: Mapping[str, Measure], measure: str, ours: str = MODEL) -> go.Figure:
    """Values with their intervals, best first; ``ours`` filled, others open."""
    known = [(name, value) for name, value in found.items() if math.isfinite(value.value)]
    if not known:
        return theme.nothing("There is nothing to compare yet.")
    sign = 1 if _low_is_good(measure) else -1
    known.sort(key=lambda pair: sign * pair[1].value)
    shown = theme.figure(wording.measure_title(measure))
    for i, (name, value) in enumerate(known):
        _line(shown, i, value, name == ours or ours not in found)
        shown.add_annotation(
            x=1, xref="paper", y=i, xanchor="right", showarrow=False, align="right", yshift=14,
            text=wording.measure(value), font_size=12,
        )  # fmt: skip
    theme.rows(shown, [_bold(name, name == ours) for name, _ in known], top=8)
    ends = [end for _, value in known for end in _ends(value)]
    air = max(0.06 * (max(ends) - min(ends)), 0.005)
    least, most = SCALES.get(measure, (-math.inf, math.inf))
    shown.update_xaxes(range=[max(min(ends) - air, least), min(max(ends) + air, most)])
    shown.update_layout(height=46 * len(known) + 64, margin_t=12)
    return shown


def _bold(name: str, bold: bool) -> str:
    text = wording.label(name, 18, 2)
    return f"<b>{text}</b>" if bold else text


def _ends(value: Measure) -> tuple[float, ...]:
    return (value.low, value.value, value.high) if value.bounded else (value.value,)


def _line(shown: go.Figure, y: int, value: Measure, ours: bool) -> None:
    colour = theme.MODEL if ours else theme.QUIET
    ends = _ends(value)
    theme.line(shown, [min(ends), max(ends)], [y, y], colour=colour, width=3, hoverinfo="skip",
               showlegend=False)  # fmt: skip
    shown.add_scatter(
        x=[value.value], y=[y], mode="markers", showlegend=False, hoverinfo="skip",
        marker={"symbol": "square" if ours else "circle", "size": 11, "color": colour},
        cliponaxis=False,
    )  # fmt: skip
