"""Every figure as a table: for screen readers, for downloads, for people who want the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from pmed_core.evaluation import Curve, Evaluation, Measure
from pmed_core.explanation import Explanation
from pmed_core.figures import comparison, contributions, decisions, training, wording
from pmed_core.figures.cohorts import Place
from pmed_core.quality import Summary
from pmed_core.variable import Kind, Variable
from pmed_core.work import Neighbour


def training_curves(epochs: training.Epochs) -> pd.DataFrame:
    """One row an epoch: the mean over folds of each curve."""
    columns = {}
    for measure, title in training.TITLES.items():
        for part, *_ in training.PARTS:
            found = dict(training.series(epochs, f"{part}_{measure}"))
            columns[f"{title}, {part}"] = found
    table = pd.DataFrame(columns)
    table.index.name = "Epoch"
    return table.sort_index().reset_index()


def measures(evaluation: Evaluation) -> pd.DataFrame:
    """Every measure with its interval."""
    return _measures(
        {wording.measure_title(n, evaluation.outcome): m for n, m in evaluation.measures.items()}
    )


def of_each(evaluation: Evaluation) -> pd.DataFrame:
    """One row a label with its own measures; empty where there are none."""
    outcome = evaluation.outcome
    rows = [
        {outcome.choice: outcome.shown(label)}
        | {
            wording.measure_title(name): wording.measured(name, m, outcome)
            for name, m in one.items()
        }
        for label, one in evaluation.of_each.items()
    ]
    return pd.DataFrame(rows)


def _measures(found: Mapping[str, Measure], title: str = "Measure") -> pd.DataFrame:
    rows = [(name, m.value, m.low, m.high) for name, m in found.items()]
    return pd.DataFrame(rows, columns=[title, "Value", "95 % low", "95 % high"])


def _curve(curve: Curve, x: str, y: str) -> pd.DataFrame:
    table = pd.DataFrame({x: curve.x, y: curve.y})
    if curve.low:
        table = table.assign(**{"95 % low": curve.low, "95 % high": curve.high})
    return table


def _each(evaluation: Evaluation, what: str, axes: tuple[str, str]) -> pd.DataFrame:
    """The curves of all labels below each other; the label is told where there are several."""
    tables = {
        evaluation.outcome.shown(name): _curve(getattr(c, what), *axes)
        for name, c in evaluation.curves.items()
    }
    if len(tables) < 2:
        return next(iter(tables.values()), pd.DataFrame(columns=list(axes)))
    return pd.concat(tables, names=["Class"]).reset_index(level=0).reset_index(drop=True)


def roc(evaluation: Evaluation) -> pd.DataFrame:
    return _each(evaluation, "roc", ("False positive rate", "Sensitivity"))


def precision_recall(evaluation: Evaluation) -> pd.DataFrame:
    return _each(evaluation, "precision_recall", ("Recall", "Precision"))


def calibration(evaluation: Evaluation) -> pd.DataFrame:
    return _each(evaluation, "calibration", ("Predicted risk", "Observed frequency"))


def risk_histogram(evaluation: Evaluation) -> pd.DataFrame:
    """One row a bin and label."""
    tables = [
        pd.DataFrame(
            {
                "Outcome": evaluation.outcome.shown(label),
                "Risk from": curves.edges[:-1],
                "Risk to": curves.edges[1:],
                "With the event": curves.with_event,
                "Without the event": curves.without_event,
            }
        )
        for label, curves in evaluation.curves.items()
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


position = risk_histogram


def decision_curve(evaluation: Evaluation) -> pd.DataFrame:
    """One row a threshold, in the ward's language."""
    rows = []
    for row in evaluation.thresholds:
        alerts = row.true_positive + row.false_positive
        events = row.true_positive + row.false_negative
        n = alerts + row.false_negative + row.true_negative
        rows.append(
            {
                "Threshold": row.value,
                f"Alerts per 100 {evaluation.of}s": 100 * alerts / n,
                "Alerts for each event found": _share(alerts, row.true_positive),
                "Missed events": row.false_negative,
                "Sensitivity": _share(row.true_positive, events),
                "Specificity": _share(row.true_negative, n - events),
                "Positive predictive value": _share(row.true_positive, alerts),
                "Negative predictive value": _share(row.true_negative, n - alerts),
                "Net benefit": row.net_benefit,
                "Net benefit of alerting everyone": row.net_benefit_all,
            }
        )
    return pd.DataFrame(rows)


def net_benefit(evaluation: Evaluation) -> pd.DataFrame:
    """One row a horizon and threshold."""
    return pd.DataFrame(
        [
            {
                evaluation.outcome.choice: evaluation.outcome.shown(label), "Threshold": at,
                "Net benefit": ours, "Low": low, "High": high,
                "Net benefit of alerting everyone": everyone,
            }
            for label, found in evaluation.curves.items()
            for at, ours, low, high, everyone in zip(
                found.net_benefit.x, found.net_benefit.y, found.net_benefit.low,
                found.net_benefit.high, found.alert_everyone.y, strict=True,
            )
        ]
    )  # fmt: skip


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def confusion(evaluation: Evaluation, value: float = 0.5) -> pd.DataFrame:
    """Rows observed, columns predicted."""
    counts, (observed, predicted) = decisions.confusion_counts(evaluation, value)
    table = pd.DataFrame(counts, columns=[f"Predicted: {name}" for name in predicted])
    table.insert(0, "Observed", observed)
    return table


def icon_array(probability: float, interval: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame([{"Risk": probability, "From": interval[0], "To": interval[1]}])


def contribution(explanation: Explanation, row: int = 0) -> pd.DataFrame:
    """All contributions to one patient's score, then the base and the prediction."""
    said = explanation.quantity
    bars = contributions.steps(explanation, row, top=len(explanation.variables))
    rows: list[tuple[str, str, float, float]] = [
        (bar.name, bar.value, bar.change, said.value(bar.start + bar.change)) for bar in bars
    ]
    base, end = float(explanation.base[row]), float(explanation.prediction[row])
    rows.insert(0, (f"(typical {explanation.of})", "", base, said.value(base)))
    rows.append((f"(this {explanation.of})", "", end, said.value(end)))
    columns = [
        "Variable",
        "Value",
        said.scale if said.unit else wording.capitalised(said.scale),
        f"{said.title} after it",
    ]
    return pd.DataFrame(rows, columns=columns)


def _contribution(explanation: Explanation) -> str:
    return f"contribution ({explanation.quantity.scale})"


def importance(explanation: Explanation) -> pd.DataFrame:
    """The twin of both the bars and the beeswarm."""
    found = contributions.ranked(explanation)
    return pd.DataFrame(
        found, columns=["Variable", f"Mean size of the {_contribution(explanation)}"]
    )


def together(explanation: Explanation, top: int = 10) -> pd.DataFrame:
    """The pairs that interact most."""
    names = explanation.variables
    rows = [
        (names[p.first], names[p.second], p.strength, p.low, p.high)
        for p in explanation.pairs[:top]
    ]
    return pd.DataFrame(
        rows,
        columns=["Variable", "With", f"Strength ({explanation.quantity.scale})", "Low", "High"],
    )


def against_range(found: Sequence[Place]) -> pd.DataFrame:
    rows = [
        (p.variable.name, p.value, p.variable.unit, p.low, p.high, p.outside or "within range")
        for p in found
    ]
    columns = ["Variable", "Patient", "Unit", "Cohort 5 %", "Cohort 95 %", "Place"]
    return pd.DataFrame(rows, columns=columns)


def distribution(summary: Summary, variable: Variable, of: str = "patient") -> pd.DataFrame:
    """Counts by bin or by value."""
    counted = f"{of.capitalize()}s"
    if not summary.edges:
        values = [variable.coded(value) for value in summary.values]
        return pd.DataFrame({"Value": values, counted: summary.counts})
    edges: list[float] | list[str] = list(summary.edges)
    if variable.kind is Kind.DATE:
        edges = [wording.day(edge) for edge in summary.edges]
    return pd.DataFrame({"From": edges[:-1], "To": edges[1:], counted: summary.counts})


def models(found: Mapping[str, Evaluation]) -> pd.DataFrame:
    measure = comparison.of_all(found)
    known = {n: j.measures[measure] for n, j in found.items() if measure in j.measures}
    return _measures(known, "Model")


def baselines(evaluation: Evaluation) -> pd.DataFrame:
    """The model and each baseline: scores, differences, seconds."""
    outcome = evaluation.outcome
    shown = [m for m in evaluation.compared if m in evaluation.measures]
    ours = [wording.measured(m, evaluation.measures[m], outcome) for m in shown]
    fine = wording.digits(outcome.error, outcome) + 1
    rows = [[comparison.MODEL, *ours, "", "", float("nan")]]
    for baseline in evaluation.baselines:
        theirs = [wording.measured(m, baseline.measures[m], outcome) for m in shown]
        apart = baseline.difference, baseline.brier_difference
        gaps = [wording.measure(apart[0]), wording.measure(apart[1], fine)]
        rows.append([baseline.name, *theirs, *gaps, baseline.seconds])
    titles = [wording.measure_title(m) for m in shown]
    gaps_titles = [
        f"{wording.measure_title(m)} of the model minus this"
        for m in (evaluation.discrimination, outcome.error)
    ]
    return pd.DataFrame(rows, columns=["Model", *titles, *gaps_titles, "Seconds"])


def neighbours(found: Sequence[Neighbour]) -> pd.DataFrame:
    rows = [(n.patient, n.observed, n.risk, n.distance) for n in found]
    return pd.DataFrame(
        rows, columns=["Patient", "What happened", "Predicted (out of fold)", "Distance"]
    )
