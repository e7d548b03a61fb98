"""What an alert is worth, beside the prediction that raises it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmed_core.figures import decisions, performance
from tests.figures import nouns

RISKS = nouns.evaluation()


@pytest.mark.parametrize("alert", [0.14, 0.3])
def test_a_flagged_patient_is_told_how_many_of_those_flagged_have_the_event(alert: float) -> None:
    row = decisions.at(RISKS, alert)
    alerts = row.true_positive + row.false_positive
    said = decisions.worth(RISKS, "1", alert, alert)
    assert f"({row.true_positive:,} of {alerts:,})" in said
    assert said.startswith("Of ")
    assert "patients flagged at this threshold" in said


def test_of_a_patient_below_the_threshold_nothing_is_said() -> None:
    assert decisions.worth(RISKS, "1", 0.139, 0.14) == ""


def test_one_of_several_labels_is_flagged_from_its_own_observed_rate_on() -> None:
    several = nouns.classes()
    label = next(iter(several.curves))
    rate, said = decisions.flagged_at_rate(several, label)
    curves = several.curves[label]
    first = curves.edges.index(rate)
    hits, alerts = sum(curves.with_event[first:]), sum(curves.counts[first:])
    assert abs(rate - sum(curves.with_event) / sum(curves.counts)) < curves.edges[1]
    assert f"({hits:,} of {alerts:,})" in said
    assert decisions.worth(several, label, rate, None) == said
    assert decisions.worth(several, label, rate - 0.001, None) == ""
    assert said in performance.risk_histogram_caption(several, label)


def test_where_nobody_has_the_event_or_nothing_is_counted_nothing_is_said() -> None:
    several = nouns.classes()
    label = next(iter(several.curves))
    none = replace(several.curves[label], with_event=(0,) * len(several.curves[label].with_event))
    assert decisions.worth(replace(several, curves={label: none}), label, 0.9, None) == ""
    assert decisions.worth(nouns.nobody(), "1", 0.9, 0.1) == ""
