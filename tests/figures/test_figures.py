"""Every figure draws, stays small, says in words what it shows, and never reads text as markup."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from pmed_core.evaluation import Curve
from pmed_core.explanation import Pair
from pmed_core.figures import (
    cohorts,
    comparison,
    contributions,
    decisions,
    importance,
    performance,
    risk,
    tables,
    theme,
    training,
    trust,
)
from pmed_core.quantity import Amount
from pmed_core.work import Trust
from tests.figures import nouns

J, E, Q, V = nouns.evaluation(), nouns.explanation(), nouns.quality(), nouns.variables()
PAIRED = replace(E, pairs=(Pair(0, 5, 0.4, 0.3, 0.5), Pair(1, 0, 0.3, 0.2, 0.4)))
TRUST = Trust(1e-8, 0.007, 0.2, (0.0, 0.5, 1.0), (0.4, 0.1, 0.08), (0.4, 0.25, 0.08), 0.08, 7, 7)
PLACES = cohorts.places(V, Q.summaries, nouns.cells())
BOTH = {"ICU, TabM": J, "<b>Other</b>": nouns.classes()}

# name -> figure, caption, table twin
DRAWN: dict[str, tuple[Callable[[], go.Figure], Callable[[], str], Callable[[], Any]]] = {
    "loss": (
        lambda: training.training_curves(nouns.epochs(), "loss"),
        lambda: training.training_curves_caption(nouns.epochs(), "loss"),
        lambda: tables.training_curves(nouns.epochs()),
    ),
    "auroc": (
        lambda: training.training_curves(nouns.epochs(500), "auroc"),
        lambda: training.training_curves_caption(nouns.epochs(), "auroc"),
        lambda: tables.training_curves(nouns.epochs()),
    ),
    "roc": (
        lambda: performance.roc(J), lambda: performance.roc_caption(J), lambda: tables.roc(J)
    ),
    "roc of classes": (
        lambda: performance.roc(nouns.classes()),
        lambda: performance.roc_caption(nouns.classes()),
        lambda: tables.roc(nouns.classes()),
    ),
    "precision-recall": (
        lambda: performance.precision_recall(J),
        lambda: performance.precision_recall_caption(J),
        lambda: tables.precision_recall(J),
    ),
    "calibration": (
        lambda: performance.calibration(J),
        lambda: performance.calibration_caption(J),
        lambda: tables.calibration(J),
    ),
    "histogram": (
        lambda: performance.risk_histogram(J),
        lambda: performance.risk_histogram_caption(J),
        lambda: tables.risk_histogram(J),
    ),
    "decision curve": (
        lambda: decisions.decision_curve(J, 0.14),
        lambda: decisions.decision_curve_caption(J, 0.14),
        lambda: tables.decision_curve(J),
    ),
    "confusion": (
        lambda: decisions.confusion(J, 0.14),
        lambda: decisions.confusion_caption(J, 0.14),
        lambda: tables.confusion(J, 0.14),
    ),
    "confusion of classes": (
        lambda: decisions.confusion(nouns.classes()),
        lambda: decisions.confusion_caption(nouns.classes()),
        lambda: tables.confusion(nouns.classes()),
    ),
    "icons": (
        lambda: risk.icon_array(0.37),
        lambda: risk.icon_array_caption(0.37, (0.28, 0.46), 0.14),
        lambda: tables.icon_array(0.37, (0.28, 0.46)),
    ),
    "position": (
        lambda: risk.position(J, 0.37),
        lambda: risk.position_caption(0.91, 4000),
        lambda: tables.position(J),
    ),
    "waterfall": (
        lambda: contributions.waterfall(E),
        lambda: contributions.waterfall_caption(E, "died is yes"),
        lambda: tables.contribution(E),
    ),
    "beeswarm": (
        lambda: contributions.beeswarm(E),
        lambda: contributions.beeswarm_caption(E, "died is yes"),
        lambda: tables.importance(E),
    ),
    "dependence": (
        lambda: importance.dependence(PAIRED, V[0]),
        lambda: importance.dependence_caption(PAIRED, V[0]),
        lambda: importance.dependence_table(PAIRED, V[0]),
    ),
    "dependence of a category": (
        lambda: importance.dependence(E, V[4]),
        lambda: importance.dependence_caption(E, V[4]),
        lambda: importance.dependence_table(E, V[4]),
    ),
    "subgroups": (
        lambda: importance.subgroups(E, V[1]),
        lambda: importance.subgroups_caption(E, V[1]),
        lambda: importance.subgroups_table(E, V[1]),
    ),
    "deletion": (
        lambda: trust.deletion(TRUST),
        lambda: trust.deletion_caption(TRUST),
        lambda: trust.deletion_table(TRUST),
    ),
    "range": (
        lambda: cohorts.against_range(PLACES),
        lambda: cohorts.against_range_caption(PLACES),
        lambda: tables.against_range(PLACES),
    ),
    "number": (
        lambda: cohorts.distribution(Q.summaries[5], V[5]),
        lambda: cohorts.distribution_caption(Q.summaries[5], V[5]),
        lambda: tables.distribution(Q.summaries[5], V[5]),
    ),
    "category": (
        lambda: cohorts.distribution(Q.summaries[4], V[4]),
        lambda: cohorts.distribution_caption(Q.summaries[4], V[4]),
        lambda: tables.distribution(Q.summaries[4], V[4]),
    ),
    "baselines": (
        lambda: comparison.baselines(J),
        lambda: comparison.baselines_caption(J),
        lambda: tables.baselines(J),
    ),
    "models": (
        lambda: comparison.models(BOTH),
        lambda: comparison.models_caption(BOTH),
        lambda: tables.models(BOTH),
    ),
}  # fmt: skip


def as_plain(figure: go.Figure) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(figure.to_json())
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_has_a_caption_and_a_table(name: str) -> None:
    draw, say, tabulate = DRAWN[name]
    figure, caption, table = draw(), say(), tabulate()
    assert len(figure.data) > 0
    assert caption.endswith(".")
    assert "nan" not in caption.split()
    assert len(table) > 0


@pytest.mark.parametrize("name", DRAWN)
def test_little_goes_to_the_browser(name: str) -> None:
    assert len(DRAWN[name][0]().to_json()) < 200_000


@pytest.mark.parametrize("name", DRAWN)
def test_text_of_a_file_is_never_markup(name: str) -> None:
    drawn = DRAWN[name][0]().to_json()
    assert "<b>Lactate" not in drawn
    assert "<i>malignant" not in drawn
    assert "<b>Other" not in drawn


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("dark", [False, True])
def test_a_figure_is_transparent_and_its_text_inked(name: str, dark: bool) -> None:
    layout = as_plain(theme.ink(DRAWN[name][0](), dark))["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    for colour in (layout["font"]["color"], layout["xaxis"]["tickfont"]["color"]):
        assert contrast(colour, "#181715" if dark else "#FFFFFF") >= 4.5


def contrast(colour: str, page: str) -> float:
    """WCAG 2.2 contrast ratio."""

    def luminance(text: str) -> float:
        parts = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    lighter, darker = sorted((luminance(colour), luminance(page)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", ["#FFFFFF", "#0E1117", "#181715"])
@pytest.mark.parametrize("colour", [*theme.SERIES, *(c for _, c in theme.LOW_TO_HIGH)])
def test_every_colour_is_seen_on_light_and_dark(colour: str, page: str) -> None:
    assert contrast(colour, page) >= 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: performance.roc(nouns.nobody()),
        lambda: performance.precision_recall(nouns.nobody()),
        lambda: performance.calibration(nouns.nobody()),
        lambda: performance.risk_histogram(nouns.nobody()),
        lambda: decisions.decision_curve(nouns.nobody(), 0.1),
        lambda: decisions.confusion(nouns.nobody()),
        lambda: risk.position(nouns.nobody(), 0.1),
        lambda: comparison.baselines(nouns.nobody()),
        lambda: training.training_curves((), "loss"),
        lambda: cohorts.against_range([]),
    ],
)
def test_nothing_to_draw_is_said_in_the_figure(make: Callable[[], go.Figure]) -> None:
    figure = make()
    assert not figure.data
    assert figure.layout.annotations[0].text.endswith(".")


def test_captions_of_nothing_are_sentences() -> None:
    nobody = nouns.nobody()
    said = [
        performance.roc_caption(nobody),
        performance.risk_histogram_caption(nobody),
        decisions.decision_curve_caption(nobody, 0.1),
        decisions.confusion_caption(nobody),
        comparison.models_caption({"a": nobody}),
        comparison.baselines_caption(nobody),
        training.training_curves_caption((), "loss"),
    ]
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in said)


def test_training_stops_its_mean_when_most_folds_have_stopped() -> None:
    points = training.series(nouns.epochs(), "validation_loss")
    assert points[0][0] == 1
    assert points[-1][0] == 34
    assert len(training.folds(nouns.epochs(), "validation_loss")) == 8
    assert len(training.thinned([(float(i), 0.0) for i in range(1000)])) <= training.POINTS + 1


def test_a_fold_that_stops_does_not_move_the_mean() -> None:
    points = [
        {"epoch": epoch, "validation_loss": [0.2, 0.8 if epoch < 4 else float("nan")]}
        for epoch in range(1, 7)
    ]
    assert {value for _, value in training.series(points, "validation_loss")} == {0.5}


def in_turn() -> list[dict[str, Any]]:
    """Two networks of scans: best in their third and in their first epoch."""
    losses = ((0.9, 0.6, 0.4, 0.5), (0.3, 0.35, 0.5, 0.6))
    return [
        {
            "epoch": 4 * number + epoch,
            **{
                f"{part}_{name}": [value if n == number else None for n in range(2)]
                for part in ("training", "validation")
                for name in ("loss", "auroc")
            },
        }
        for number, network in enumerate(losses)
        for epoch, value in enumerate(network, 1)
    ]


def test_networks_that_learn_in_turn_have_no_mean_and_each_its_kept_epoch() -> None:
    assert training.kept(in_turn(), "loss") == [(3.0, 0.4), (1.0, 0.3)]
    shown = training.training_curves(in_turn(), "loss")
    assert max(x for line in shown.data for x in line.x if x is not None) == 4
    said = training.training_curves_caption(in_turn(), "loss", over=True)
    assert "0.400 in epoch 3, 0.300 in epoch 1" in said
    assert "so far" not in said
    assert "fold" not in said


@pytest.mark.parametrize("top", [3, 10, 12, 50])
def test_the_waterfall_adds_up(top: int) -> None:
    bars = contributions.steps(E, 3, top)
    assert len(bars) <= top + 1
    assert bars[0].start == E.base[3]
    assert bars[-1].start + bars[-1].change == pytest.approx(E.prediction[3])
    for bar, following in zip(bars, bars[1:], strict=False):
        assert bar.start + bar.change == pytest.approx(following.start)


def test_one_variable_is_never_called_other_variables() -> None:
    assert [bar.name for bar in contributions.steps(E, 0, 12)] == sorted(
        E.variables, key=lambda name: -abs(E.shap[0, E.variables.index(name)])
    )


def test_missing_cells_are_named_and_drawn_apart() -> None:
    names = {trace.name for trace in contributions.beeswarm(E).data}
    assert "Missing" in names
    row = int(np.flatnonzero(np.isnan(E.numbers[:, 0]))[0])
    labels = contributions.waterfall(E, row).layout.yaxis.ticktext
    assert any("not measured" in label for label in labels)


def test_a_swarm_spreads_equal_values_and_stays_in_its_line() -> None:
    offsets = contributions.swarm(np.zeros(50))
    assert len(np.unique(offsets)) == 50
    assert np.abs(offsets).max() <= contributions.SPREAD + 1e-9
    assert contributions.swarm(np.array([1.0])).tolist() == [0]


@pytest.mark.parametrize(
    ("probability", "ill"), [(0.0, 0), (0.003, 0), (0.37, 37), (0.996, 100), (1.0, 100)]
)
def test_a_hundred_dots_are_always_drawn(probability: float, ill: int) -> None:
    paths = [shape.path for shape in risk.icon_array(probability).layout.shapes]
    assert sum(path.count("M") for path in paths) == 100
    assert risk.ill_of_hundred(probability) == ill


def test_dots_with_the_event_have_its_colour_and_words_say_the_side_of_the_threshold() -> None:
    assert risk.icon_array(0.2).layout.shapes[0].fillcolor == theme.EVENT
    assert "below the threshold" in risk.icon_array_caption(0.2, (0.1, 0.3), 0.3)
    assert "fewer than 1" in risk.icon_array_caption(0.002, (0.001, 0.004))


def test_values_beyond_the_cohort_are_told() -> None:
    said = {place.variable.name: place.outside for place in PLACES}
    assert said["Heart rate"] == "higher than anyone's"
    assert said["Age"] == "among the highest 5 %"
    assert said["White cells"] == ""
    assert "Sodium" not in said
    assert "Mechanical ventilation" not in said


def test_the_ward_hears_alerts_missed_cases_and_the_number_to_evaluate() -> None:
    row = decisions.at(J, 0.2)
    text = decisions.ward(row)
    alerts = row.true_positive + row.false_positive
    assert f"{alerts / row.true_positive:.1f} alerts for each event found" in text
    assert f"{row.false_negative} of 550 events missed" in text


def test_a_unit_heads_a_table_as_it_is_written() -> None:
    told = replace(E, quantity=Amount("pressure", "mmHg"))
    assert list(tables.contribution(told, 2))[2] == "mmHg"


def test_the_contribution_table_ends_in_the_prediction() -> None:
    table = tables.contribution(E, 2)
    assert table["Log-odds"].iloc[:-1].sum() == pytest.approx(table["Log-odds"].iloc[-1])
    assert len(table) == len(E.variables) + 2


def test_dependence_names_the_partner_and_what_is_missing() -> None:
    said = importance.dependence_caption(PAIRED, V[0])
    assert "Colour: <b>Lactate</b>, the variable it interacts with most" in said
    assert "it was not measured; there it added" in said
    assert PAIRED.partner(1) == 0
    assert PAIRED.partner(7) is None


def test_groups_are_thirds_or_values_and_each_has_enough_patients() -> None:
    by_age = importance.groups(E, V[1])
    assert len(by_age) == 4
    assert by_age[0].name.startswith("up to")
    assert by_age[0].name.endswith("years")
    assert by_age[-1].name == "not measured"
    assert sum(len(group.rows) for group in by_age) == 200
    few = nouns.explanation(8)
    assert all(len(group.rows) >= importance.FEW for group in importance.groups(few, V[1]))


def test_certainty_is_said_as_it_is() -> None:
    assert trust.certainty(E).startswith("Exact")
    sampled = replace(E, standard_error=np.full_like(E.shap, 0.01))
    assert "standard error is at most 0.01 log-odds" in trust.certainty(sampled)
    assert "rounding error below 0.00001" in trust.certainty(sampled)


def test_networks_of_scans_are_no_folds() -> None:
    def said(*values: list[float | None]) -> str:
        points = [{"epoch": n, "validation_loss": each} for n, each in enumerate(values, 1)]
        return training.training_curves_caption(tuple(points), "loss")

    assert "thin: each fold" in said([0.5, 0.6], [0.4, None])
    assert "one after the other, each from the start" in said([0.5, None], [None, 0.4])
    assert said([0.5], [0.4]).endswith("its best so far is 0.400 in epoch 2.")


def test_between_two_stretches_of_thresholds_a_model_may_be_worse_than_no_alert() -> None:
    """It said "3.4 % to 48 %" of a curve that lay below nothing from 20 % on."""
    x = (0.05, 0.1, 0.2, 0.3, 0.4)
    curves = replace(
        next(iter(J.curves.values())), net_benefit=Curve(x, (0.2, 0.15, 0.02, -0.01, 0.01)),
        alert_everyone=Curve(x, (0.2, 0.1, -0.1, -0.2, -0.4)),
    )  # fmt: skip
    label = next(iter(J.curves))
    said = decisions.at_horizon_caption(replace(J, curves={label: curves}), label)
    assert "at thresholds of 10 % to 20 % and 40 % alone" in said
    never = replace(curves, net_benefit=curves.alert_everyone)
    said = decisions.at_horizon_caption(replace(J, curves={label: never}), label)
    assert "At no threshold" in said
