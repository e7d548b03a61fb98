"""What is said of treatments whose effect is the same for everybody, or none at all.

    python -m benchmarks.treatment_null [--runs 200] [--network linear]

Of each run 300 patients with five inputs are simulated, two of which move the outcome. Three of
four runs are trials, and in the fourth the inputs move the choice of treatment too; every other
four have an effect of 0.5 standard deviations of the noise, the others none. The learner is the one
that is shipped, made cheap: three folds, two inner parts, networks of the outcome stopped after
``--epochs`` (those of the choice never are). Printed are how often a difference between patients
is reported, and how often 95 % intervals hold the average effect and that of a patient.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.quiet import load_tensorflow

load_tensorflow()

from pmed_core.modalities.tabular.options import LinearOptions, TabMOptions  # noqa: E402
from pmed_core.options import TreatmentOptions  # noqa: E402
from pmed_core.outcomes import Arms, Number  # noqa: E402
from pmed_core.outcomes.effect import effect_of  # noqa: E402
from pmed_core.outcomes.effect.verdicts import told  # noqa: E402
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--network", choices=NETWORKS, default="linear")
    given = parser.parse_args()
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
