"""An evaluation and a comparison as they are read, without a model being trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pmed_core.evaluation import Evaluation
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.figures import wording
from pmed_core.outcomes import YesNo
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Kind, Variable
from tests.evaluations.cases import DIED, predictions
from tests.figures import nouns


def evaluated_scans(patients: int, each: int = 3) -> Evaluation:
    """Of so many patients with as many scans, every other patient with the event."""
    n = patients * each
    ids = [str(i // each) for i in range(n)]
    risk = np.resize([0.2, 0.7, 0.6, 0.3, 0.1], n)
    scans = predictions(risk, np.arange(n) // each % 2, ids)
    return evaluate(replace(scans, rows=tuple(map(str, range(n)))), DIED, 0.3, "held-out patients")


def viewed(evaluated: Evaluation, of: str = "patient") -> AppTest:
    # The text of this function is run as a page of its own: it knows only what it imports.
    def page(evaluated: object, of: str) -> None:
        from typing import Any, cast

        from pages.parts.evaluation import evaluation_view

        evaluation_view(cast("Any", evaluated), "test", of)

    app = AppTest.from_function(
        page, kwargs={"evaluated": evaluated, "of": of}, default_timeout=300
    )
    app.run()
    assert not app.exception
    return app


def test_scans_are_not_called_patients() -> None:
    app = viewed(evaluated_scans(24), "scan")
    assert any("72 scans of 24 patients, 36 with the event" in m.value for m in app.markdown)
    labels = {metric.label for metric in app.metric}
    assert {"Alerts per 100 scans", "Missed events"} <= labels
    said = " ".join(caption.value for caption in app.caption)
    assert "Only 12 patients with the event" in said
    assert "of 72 scans" in said
    for wrong in ("36 patients", "72 patients", "100 patients"):
        assert wrong not in said


def test_a_table_of_patients_still_counts_patients() -> None:
    app = viewed(nouns.evaluation())
    assert any("4,000 patients, 550 with the event" in m.value for m in app.markdown)
    assert "Alerts per 100 patients" in {metric.label for metric in app.metric}


def test_the_intervals_at_a_threshold_are_over_patients() -> None:
    evaluated = evaluated_scans(24)
    app = viewed(evaluated, "scan")
    own = next(row for row in evaluated.thresholds if row.value == evaluated.threshold)
    for title in ("Sensitivity", "Specificity", "PPV", "NPV"):
        found = own.shares[title.casefold()]
        shown = next(metric.delta for metric in app.metric if metric.label == title)
        assert shown == f"{found.low:.3f} to {found.high:.3f}"
    assert not any("as a different patient" in caption.value for caption in app.caption)


def test_a_evaluation_stored_before_says_what_its_intervals_assume() -> None:
    new = evaluated_scans(24)
    rows = tuple(replace(row, shares={}) for row in new.thresholds)
    app = viewed(replace(new, thresholds=rows, of="patient", patients=0), "scan")
    assert any(
        "treat every scan as a different patient" in caption.value for caption in app.caption
    )


@pytest.mark.parametrize(("patients", "loud"), [(18, True), (24, False)])
def test_very_few_events_are_a_warning(patients: int, loud: bool) -> None:
    app = viewed(evaluated_scans(patients), "scan")
    assert any("the intervals mean little" in w.value for w in app.warning) == loud
    told = [*app.warning, *app.caption]
    assert sum("advised for evaluating a model" in found.value for found in told) == 1


def test_perfection_in_seven_scans_has_no_interval() -> None:
    seven = predictions([0.1, 0.2, 0.1, 0.9, 0.8, 0.9, 0.7], [0, 0, 0, 1, 1, 1, 1])
    app = viewed(evaluate(seven, DIED, 0.5, "test"))
    auroc = next(metric for metric in app.metric if metric.label == "AUROC")
    assert (auroc.value, auroc.delta) == ("1.000", "no interval")
    assert any("the AUROC has no interval" in caption.value for caption in app.caption)


def entry(name: str, cohort: str = "c", positive: str = "1") -> ModelEntry:
    outcome = YesNo("In-hospital death", (positive,))
    evaluated = replace(nouns.evaluation(), outcome=outcome)
    return ModelEntry(
        name, name, cohort, "ICU", "TabM", outcome, nouns.variables(), 4000, 550, 9.0, 0.0,
        evaluated, {}, 0.14,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "ranked"),
    [
        (entry("b"), True),
        (entry("b", positive="0"), False),
        (entry("b", cohort="another"), False),
        (entry("b", cohort=""), False),
    ],
    ids=["alike", "another outcome", "another cohort", "imported"],
)
def test_a_best_model_is_named_only_among_comparable_ones(other: ModelEntry, ranked: bool) -> None:
    def page(entries: list) -> None:  # type: ignore[type-arg]
        from pages.parts.keep import compare

        compare(entries, entries[0])

    app = AppTest.from_function(page, kwargs={"entries": (entry("a"), other)}, default_timeout=300)
    app.run()
    assert not app.exception
    best = f"has the best {wording.measure_title('auroc')}"
    assert any(best in caption.value for caption in app.caption) == ranked
    assert bool(app.get("plotly_chart")) == ranked
    assert bool(app.warning) != ranked
    assert len(app.dataframe) >= 1


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (entry("a"), "4,000 patients"),
        (replace(entry("a"), card={"patients": 900}), "4,000 rows"),
        (replace(entry("a"), variables=(Variable("scan", Kind.SCAN),)), "4,000 scans"),
    ],
)
def test_what_a_model_was_trained_on_is_called_by_its_name(model: ModelEntry, said: str) -> None:
    def page(model: object) -> None:
        from typing import Any, cast

        from pages.parts.keep import keep

        keep(cast("Any", model))

    app = AppTest.from_function(page, kwargs={"model": model}, default_timeout=300).run()
    assert not app.exception
    assert said in app.table[0].value.to_string()
