"""A plot with its caption, its table and its downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.parts.drawn import DRAWINGS, Drawn
from pages.parts.tables import show
from pages.parts.words import plain
from pmed_core.evaluation import Curve, Evaluation
from pmed_core.explanation import Explanation
from pmed_core.figures import advice as changes
from pmed_core.figures import (
    cohorts,
    comparison,
    contributions,
    decisions,
    importance,
    learning_curve,
    tables,
    training,
    trust,
)
from pmed_core.figures import course as courses
from pmed_core.figures import risk as people
from pmed_core.job import Job
from pmed_core.learning_curve import LearningCurve
from pmed_core.quality import Summary
from pmed_core.quantity import RISK, Quantity
from pmed_core.variable import Variable
from pmed_core.work import Cell, Trust

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    Made = tuple[go.Figure, str, pd.DataFrame]

TOOLBAR: dict[str, Any] = {
    "displaylogo": False,
    # At rest it would lie over the data.
    "displayModeBar": "hover",
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg"},
}


def plot(key: str, figure: go.Figure, caption: str, table: pd.DataFrame) -> None:
    """The figure, what it says, and the same as a table."""
    _show(key, Drawn(_inked(figure, _ink()), caption, table))


def beside(key: str, figure: go.Figure, caption: str, table: pd.DataFrame) -> None:
    """The same, with the words to the right of the figure where there is room."""
    _show_beside(key, Drawn(_inked(figure, _ink()), caption, table))


def _show(key: str, drawn: Drawn) -> None:
    _draw(key, drawn)
    _said(key, drawn.caption, drawn.table)


def _show_beside(key: str, drawn: Drawn) -> None:
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with left:
        _draw(key, drawn)
    with right:
        _said(key, drawn.caption, drawn.table)


def beside_of(
    evaluation: Evaluation, key: str, about: tuple[object, ...], draw: Callable[[], Made]
) -> None:
    """``beside``, of an evaluation: drawn once for all who look at it."""
    _show_beside(key, _of(evaluation, key, about, draw))


def _of(
    evaluation: Evaluation, key: str, about: tuple[object, ...], draw: Callable[[], Made]
) -> Drawn:
    """A drawing of an evaluation, from an earlier look at it where there was one."""
    ink = _ink()

    def inked() -> Drawn:
        figure, caption, table = draw()
        return Drawn(_inked(figure, ink), caption, table)

    return DRAWINGS.get(evaluation, (key, ink, *about), inked)


def _ink() -> str:
    """The colour of the page's text."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.textColor"))


def _inked(figure: go.Figure, colour: str) -> go.Figure:
    """The figure with its text in that colour."""
    axis = {"tickfont_color": colour, "title_font_color": colour}
    figure.update_layout(font_color=colour, legend_font_color=colour)
    return figure.update_xaxes(**axis).update_yaxes(**axis).update_annotations(font_color=colour)


def _draw(key: str, drawn: Drawn) -> None:
    """The figure alone."""
    options = {"format": "svg", "filename": key}
    st.plotly_chart(
        drawn.figure, key=f"plot-{key}", config=TOOLBAR | {"toImageButtonOptions": options},
        alt=drawn.caption,
    )  # fmt: skip


def _said(key: str, caption: str, table: pd.DataFrame) -> None:
    """What a figure says, in words and as a table."""
    st.caption(plain(caption))
    with st.popover(
        "Table", icon=":material/table_rows:", type="tertiary", key=f"twin-{key}",
        help="The same as a table",
    ):  # fmt: skip
        show(table, key, caption)


def training_curves(job: Job) -> None:
    """Loss and discrimination by epoch, side by side."""
    measures: tuple[training.Measure, ...] = ("loss", training.discrimination(job.epochs))
    for column, measure in zip(st.columns(2), measures, strict=True):
        with column:
            plot(
                f"curve-{measure}", training.training_curves(job.epochs, measure),
                training.training_curves_caption(job.epochs, measure, over=not job.alive),
                tables.training_curves(job.epochs),
            )  # fmt: skip


def distribution(variable: Variable, summary: Summary, of: str = "patient") -> None:
    """One variable of a cohort, of which each row is a patient, a scan or a row."""
    plot(
        "distribution", cohorts.distribution(summary, variable, of),
        cohorts.distribution_caption(summary, variable, of),
        tables.distribution(summary, variable, of),
    )  # fmt: skip


def decision_curve(evaluation: Evaluation, value: float) -> None:
    """Net benefit over thresholds."""
    _show("decision-curve", _of(evaluation, "decision-curve", (value,), lambda: (
        decisions.decision_curve(evaluation, value),
        decisions.decision_curve_caption(evaluation, value), tables.decision_curve(evaluation),
    )))  # fmt: skip


def confusion(evaluation: Evaluation, value: float = 0.5) -> None:
    """Patients by what happened and what was predicted."""
    _show("confusion", _of(evaluation, "confusion", (value,), lambda: (
        decisions.confusion(evaluation, value), decisions.confusion_caption(evaluation, value),
        tables.confusion(evaluation, value),
    )))  # fmt: skip


def baselines(evaluation: Evaluation) -> None:
    """The model among the baselines."""
    beside_of(evaluation, "baselines", (), lambda: (
        comparison.baselines(evaluation), comparison.baselines_caption(evaluation),
        tables.baselines(evaluation),
    ))  # fmt: skip


def growth(found: LearningCurve) -> None:
    """How discrimination grows with the patients that are learnt from."""
    beside("growth", learning_curve.growth(found), learning_curve.growth_caption(found),
           learning_curve.growth_table(found))  # fmt: skip


def compared(found: dict[str, Evaluation]) -> None:
    """Models side by side."""
    beside("models", comparison.models(found), comparison.models_caption(found),
         tables.models(found))  # fmt: skip


def beeswarm(found: Explanation, event: str) -> None:
    """What moves the model over many patients; ``event``: what is explained, in words."""
    plot("importance", contributions.beeswarm(found), contributions.beeswarm_caption(found, event),
         tables.importance(found))  # fmt: skip


def waterfall(found: Explanation, event: str, key: str = "waterfall") -> None:
    """What moved the model for one patient."""
    plot(key, contributions.waterfall(found), contributions.waterfall_caption(found, event),
         tables.contribution(found))  # fmt: skip


def dependence(found: Explanation, variable: Variable) -> None:
    """What a variable does along its values."""
    plot("dependence", importance.dependence(found, variable),
         importance.dependence_caption(found, variable),
         importance.dependence_table(found, variable))  # fmt: skip


def subgroups(found: Explanation, variable: Variable) -> None:
    """What moves the model in each group of patients."""
    plot("subgroups", importance.subgroups(found, variable),
         importance.subgroups_caption(found, variable),
         importance.subgroups_table(found, variable))  # fmt: skip


def deletion(found: Trust, said: Quantity = RISK) -> None:
    """Whether removing what an explanation names moves the prediction."""
    plot("deletion", trust.deletion(found, said), trust.deletion_caption(found, said),
         trust.deletion_table(found, said))  # fmt: skip


def advice(told: changes.Told) -> None:
    """What could change, ranked."""
    plot("advice", changes.options(told), changes.caption(told), changes.table(told))


def against_range(
    variables: Sequence[Variable], summaries: Sequence[Summary], cells: Mapping[str, Cell]
) -> None:
    """A patient's numbers among the cohort's."""
    found = cohorts.places(variables, summaries, cells)[: cohorts.PLACES_SHOWN]
    plot("values", cohorts.against_range(found), cohorts.against_range_caption(found),
         tables.against_range(found))  # fmt: skip


def icon_array(
    risk: float,
    interval: tuple[float, float],
    threshold: float | None,
    asked: str,
    of: str = "patient",
) -> None:
    """A hundred dots; the sentence below is the table."""
    st.plotly_chart(
        people.icon_array(risk), key="plot-people", config=TOOLBAR,
        alt=(caption := people.icon_array_caption(risk, interval, threshold, asked, of)),
    )  # fmt: skip
    st.caption(plain(caption))


def position(
    evaluation: Evaluation,
    value: float,
    label: str,
    share: float,
    interval: tuple[float, float] | None = None,
) -> None:
    """Where the prediction lies among those the model was evaluated on."""
    plot("position", people.position(evaluation, value, label, interval),
         people.position_caption(share, evaluation.n, evaluation.outcome.event(label),
                                 people.quantity(evaluation, label), evaluation.one)
         + f" The line across is the {evaluation.one}'s interval." * (interval is not None),
         tables.risk_histogram(evaluation))  # fmt: skip


def incidences(found: Mapping[str, Curve], unit: str) -> None:
    """The share who have had each of several events, by time."""
    plot("incidences", courses.incidences(found, unit), courses.incidences_caption(found, unit),
         courses.incidences_table(found, unit))  # fmt: skip


def course(patient: Curve, cohort: Curve, unit: str) -> None:
    """The share without the event, by time."""
    plot("course", courses.course(patient, cohort, unit), courses.caption(patient, cohort, unit),
         courses.table(patient, cohort, unit))  # fmt: skip
