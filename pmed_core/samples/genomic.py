"""A simulated genomic cohort whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

PATIENTS, FEATURES, DRIVERS = 1000, 998, 20
"""With sex and ancestry there are 1,000 features, the size of the classic three-layer example."""

EVENT_RATE = 0.15
MISSING = 0.02


def drivers() -> tuple[str, ...]:
    """Names of the 20 features that truly drive the outcome, spread over the table."""
    return tuple(f"gene_{position:04d}" for position in range(25, FEATURES, FEATURES // DRIVERS))[
        :DRIVERS
    ]


def genomic(seed: int = 20) -> pd.DataFrame:
    """1,000 patients: id, sex, ancestry, 998 expression values and the disease (15 %).

    Expression comes in correlated blocks of ten. The log-odds of the disease are a weighted sum of
    the twenty drivers, alternating in sign, plus a small effect of sex; 2 % of the cells are
    missing at random.
    """
    generator = np.random.default_rng(seed)
    blocks = np.repeat(generator.normal(size=(PATIENTS, -(-FEATURES // 10))), 10, axis=1)
    values = 0.5 * blocks[:, :FEATURES] + np.sqrt(0.75) * generator.normal(
        size=(PATIENTS, FEATURES)
    )
    names = [f"gene_{position:04d}" for position in range(FEATURES)]
    sex = generator.choice(["female", "male"], PATIENTS)
    ancestry = generator.choice(["A", "B", "C", "D"], PATIENTS, p=[0.5, 0.25, 0.15, 0.1])
    positions = [names.index(name) for name in drivers()]
    effects = np.resize([0.9, -0.9, 0.7, -0.7], DRIVERS)
    score = values[:, positions] @ effects + 0.3 * (sex == "male")
    score += generator.logistic(size=PATIENTS) * 0.6
    disease = np.where(score > np.quantile(score, 1 - EVENT_RATE), "yes", "no")
    expression = pd.DataFrame(values.round(2), columns=names)
    expression = expression.mask(generator.random(values.shape) < MISSING)
    first = pd.DataFrame(
        {
            "patient_id": [f"G{number:04d}" for number in range(1, PATIENTS + 1)],
            "sex": pd.Series(sex).mask(generator.random(PATIENTS) < MISSING),
            "ancestry": ancestry,
        }
    )
    return pd.concat([first, expression, pd.DataFrame({"disease": disease})], axis=1)
