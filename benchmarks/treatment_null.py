"""What is said of treatments whose effect is the same for everybody, or none at all.

    python -m benchmarks.treatment_null [--runs 200] [--network linear] [--controls 200]
        [--censored 400] [--folds 1500]

Of each run 300 patients with five inputs are simulated, two of which move the outcome. Three of
four runs are trials, and in the fourth the inputs move the choice of treatment too; every other
four have an effect of 0.5 standard deviations of the noise, the others none. The learner is the one
that is shipped, made cheap: three folds, two inner parts, networks of the outcome stopped after
``--epochs`` (those of the choice never are). Printed are how often a difference between patients
is reported, and how often 95 % intervals hold the average effect and that of a patient.

``--controls``: 500 patients whose illness nobody wrote down, which moves the choice of treatment,
the outcome and ten negative controls, each by a strength of its own: how often plain and calibrated
intervals hold the effect. ``--censored``: differences by a horizon of two arms of 200, of which one
is lost three times as often, by Kaplan-Meier of those who were given the same option. ``--folds``:
how often AUTOC of out-of-fold ridge regressions lies above 0, of 300 patients with five inputs of
which one moves the effect by ``slope``, scores having a standard deviation of 2.5 beside it; by an
interval that takes patients as independent, and by the one that is shown.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pmed_core.quiet import load_tensorflow

load_tensorflow()

from pmed_core.modalities.tabular.options import LinearOptions, TabMOptions  # noqa: E402
from pmed_core.modalities.treatment import controls  # noqa: E402
from pmed_core.options import TreatmentOptions  # noqa: E402
from pmed_core.outcomes import Arms, Number, TimeToEvent  # noqa: E402
from pmed_core.outcomes.effect import effect_of  # noqa: E402
from pmed_core.outcomes.effect.censoring import followed  # noqa: E402
from pmed_core.outcomes.effect.evaluation import wider  # noqa: E402
from pmed_core.outcomes.effect.scores import Z  # noqa: E402
from pmed_core.outcomes.effect.verdicts import told  # noqa: E402
from pmed_core.outcomes.time_to_event.by_horizon import ByHorizon  # noqa: E402
from pmed_core.predictor import Predictor  # noqa: E402
from pmed_core.progress import Silent, Stop  # noqa: E402
from pmed_core.readers.tables import read_cohort  # noqa: E402
from pmed_core.training.fit import fit  # noqa: E402

PATIENTS, EFFECT = 300, 0.5
NETWORKS: dict[str, LinearOptions | TabMOptions] = {
    "linear": LinearOptions(), "tabm": TabMOptions(),
}  # fmt: skip


def simulated(seed: int, *, randomised: bool, effect: float) -> pd.DataFrame:
    """Patients of whom all gain the same."""
    draw = np.random.default_rng(seed)
    x = draw.standard_normal((PATIENTS, 5))
    pull = 0.0 if randomised else 0.6 * x[:, 0] - 0.4 * x[:, 2]
    given = draw.random(PATIENTS) < 1 / (1 + np.exp(-pull))
    y = x[:, 0] + 0.5 * x[:, 1] ** 2 + effect * given + draw.standard_normal(PATIENTS)
    frame = pd.DataFrame(x, columns=list("abcde"))
    return frame.assign(arm=np.where(given, "drug", "placebo"), y=y)


class Few(Silent):
    """Stops after so many epochs, however long they take."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def epoch(self, values: dict[str, Any]) -> None:
        self.left -= 1

    def stop(self) -> Stop:
        return "keep" if self.left <= 0 else ""


def learn(
    frame: pd.DataFrame, options: TreatmentOptions, epochs: int, *, randomised: bool
) -> Predictor:
    arms = Arms("arm", reference="placebo", randomised=randomised)
    return fit(read_cohort(frame, outcome=Number("y"), treatment=arms), options, Few(epochs))


def run(seed: int, options: TreatmentOptions, epochs: int) -> tuple[float, ...]:
    """Whether a difference is reported, whether the interval holds the average, of how many
    patients theirs holds the effect, and the average less the truth over its standard error."""
    randomised, effect = seed % 4 != 3, EFFECT * (seed // 4 % 2)
    frame = simulated(seed, randomised=randomised, effect=effect)
    model = learn(frame, options, epochs, randomised=randomised)
    measures, held_out = model.evaluation.measures, model.held_out()
    differs, _ = told(effect_of(model.outcome), 0, measures)
    low, value, high = held_out.low[:, 0], held_out.value[:, 0], held_out.high[:, 0]
    said, ate = np.isfinite(value), measures["ate"]
    inside = (low[said] <= effect) & (effect <= high[said])
    apart = (ate.value - effect) / ((ate.high - ate.low) / 3.92)
    return differs, ate.low <= effect <= ate.high, inside.mean(), apart


def controlled(seed: int) -> tuple[bool, bool]:
    """Whether the plain interval holds the effect, and whether the calibrated one does."""
    draw = np.random.default_rng(seed)
    x, ill = draw.standard_normal((500, 3)), draw.standard_normal(500)
    given = (draw.random(500) < 1 / (1 + np.exp(-(0.5 * x[:, 0] + 0.7 * ill)))).astype(np.int64)
    probability = LogisticRegression().fit(x, given).predict_proba(x)
    everybody = np.arange(500)
    of = controls.Compared(
        x, given, probability, everybody % 5, np.ones(500, dtype=bool), everybody.astype(str)
    )
    each = [
        x @ draw.normal(0, 0.5, 3) + strength * ill + draw.standard_normal(500)
        for strength in draw.normal(0.5, 0.25, 11)
    ]
    outcome, true = each[-1] + 0.3 * given, 0.3 / (each[-1] + 0.3 * given).std()
    value, error, _ = controls.effect(outcome, of)
    found = np.array([controls.effect(one, of)[:2] for one in each[:-1]])
    _, low, high, _ = controls.null(found[:, 0], found[:, 1]).calibrated(value, error)
    return abs(value - true) < Z * error, low < true < high


def censored(seed: int, *, mean: bool) -> bool:
    """Whether the interval of the difference holds the truth."""
    draw, horizon = np.random.default_rng(seed), 24.0
    of = ByHorizon(TimeToEvent("died", "months", ("1",), horizons=(horizon,)), horizon, mean)
    said, true = [], []
    for rate, lost in ((0.03, 0.03), (0.02, 0.01)):
        time = draw.exponential(1 / rate, 200)
        until = np.minimum(draw.exponential(1 / lost, 200), draw.uniform(15, 60, 200))
        seen, event = np.minimum(time, until), time <= until
        said.append(followed(of, seen, event).values(seen, event))
        gone = 1 - np.exp(-rate * horizon)
        true.append(gone / rate if mean else gone)
    error = np.sqrt(sum(one.var() / len(one) for one in said))
    apart = said[1].mean() - said[0].mean() - true[1] + true[0]
    return bool(abs(apart) < Z * error)


def ranked(seed: int, slope: float, folds: int) -> tuple[bool, bool]:
    """Whether AUTOC lies above 0, by either interval."""
    draw = np.random.default_rng(seed)
    x, fold = draw.standard_normal((300, 5)), np.arange(300) % folds
    scores = slope * x[:, 0] + 2.5 * draw.standard_normal(300)
    place = np.arange(1, 300 // folds + 1)
    weight = np.cumsum((1 / place)[::-1])[::-1] - 1
    found, errors = [], []
    for k in range(folds):
        mine = fold == k
        inputs = np.column_stack([np.ones(300), x])
        inner = inputs[~mine].T @ inputs[~mine] + 10 * np.eye(6)
        said = x[mine] @ np.linalg.solve(inner, inputs[~mine].T @ scores[~mine])[1:]
        own = scores[mine][np.argsort(-said)]
        influence = (own - own.mean()) * weight
        found.append(influence.mean())
        errors.append(influence.std() / len(own) ** 0.5)
    value, error = float(np.mean(found)), float(np.sqrt(np.sum(np.square(errors)))) / folds
    return value > Z * error, value > Z * error * wider(folds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--network", choices=NETWORKS, default="linear")
    parser.add_argument("--controls", type=int, default=0)
    parser.add_argument("--censored", type=int, default=0)
    parser.add_argument("--folds", type=int, default=0)
    given = parser.parse_args()
    if given.controls:
        plain, calibrated = np.mean([controlled(seed) for seed in range(given.controls)], axis=0)
        print(
            f"{given.controls} tables with ten negative controls: plain intervals hold the effect "
            f"in {plain:.1%}, calibrated ones in {calibrated:.1%}", flush=True,
        )  # fmt: skip
    for slope, folds in [(s, k) for s in (0.0, 0.5) for k in (3, 5)] if given.folds else ():
        above = [ranked(seed, slope, folds) for seed in range(given.folds)]
        plain, shown = np.mean(above, axis=0)
        print(
            f"{given.folds} tables, slope {slope}, {folds} folds: above 0 in {plain:.1%}, "
            f"{shown:.1%} of what is shown", flush=True,
        )  # fmt: skip
    for mean in (False, True) if given.censored else ():
        held = np.mean([censored(seed, mean=mean) for seed in range(given.censored)])
        what = "mean times without the event" if mean else "risks"
        print(f"{given.censored} comparisons of {what}: truth held in {held:.1%}", flush=True)
    options = TreatmentOptions(
        network=NETWORKS[given.network], folds=3, cross_fitting=2, baselines=False
    )
    found, started = [], time.monotonic()
    for seed in range(given.start, given.start + given.runs):
        found.append(run(seed, options, given.epochs))
        if seed % 10 == 9 or seed == given.start + given.runs - 1:
            each, observed = np.array(found), np.arange(given.start, seed + 1) % 4 == 3
            for name, mine in (
                ("all", observed >= 0), ("randomised", ~observed), ("observed", observed)
            ):  # fmt: skip
                if not mine.any():
                    continue
                reported, covered, single, _ = each[mine].mean(axis=0)
                print(
                    f"{mine.sum()} runs, {name}: a difference reported in {reported:.1%}; "
                    f"intervals hold the average in {covered:.1%}, a patient's effect in "
                    f"{single:.1%}; average apart {each[mine, 3].mean():+.2f}, "
                    f"spread {each[mine, 3].std():.2f} standard errors",
                    flush=True,
                )  # fmt: skip
            print(f"  {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
