"""What resampling the predicted patients alone leaves out of an out-of-fold interval.

Out of fold each patient counts twice: as one who is predicted, and as one of those whom the models
of all other folds learnt from. The bootstrap of out-of-fold predictions knows only the first.
Without signal both are the same sum over pairs of patients, so that the variance is twice what the
bootstrap sees, whatever the model and the number of folds, and its 95 % interval holds the truth in
83 %. With signal the second matters as far as the ranks of patients hang on whom the model happened
to learn from: with λ the share of the variance of its ranks that another training sample would
change, the variance is 1 + λ times the bootstrap's. (Hájek's projection of the U-statistic; that
cross-validation's variance has this second part: Austern & Zhou, Asymptotics of cross-validation,
2020. The jackknife over folds, Efron & Stein, Annals of Statistics 1981, finds λ.)

Losses (Brier score, R²) are left as they are: most of their variance is that of what happened, and
simulations find their plain intervals near 95 % (``benchmarks/coverage.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def ranks(panel: Floats) -> Floats:
    """(f, m, k) scores of the models of f folds for the same m rows -> their ranks among the m."""
    return np.asarray(rankdata(panel, axis=1)) if panel.size else panel


def share(ranked: Floats, quantities: Sequence[int]) -> float:
    """λ of some of the k quantities, 0 to 1; 0 without a panel, where nobody was out of fold.

    ``ranked`` (f, m, k): ranks, or differences of the ranks of two kinds of model, of the same m
    rows by the models of f folds. Of two folds' training parts (f − 2) / (f − 1) is the same, so
    that what differs between folds is that little of what another sample would change.
    """
    if not ranked.size or not quantities:
        return 0.0
    chosen = ranked[:, :, list(quantities)]
    whole = chosen.var(axis=1).mean(axis=0)
    between = chosen.var(axis=0, ddof=1).mean(axis=0)
    found = (len(ranked) - 1) * between / np.maximum(whole, 1e-12)
    return float(np.minimum(found, 1).mean())


def widened(values: Floats, of_training: float) -> Floats:
    """An estimate (a share of pairs or of patients) and its resamples (1 + r,), these so much
    further from it on the scale of log-odds, on which they cannot leave 0 to 1."""
    if not of_training or not 0 < values[0] < 1:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        found = expit(widened_difference(logit(values), of_training))
    return np.concatenate([values[:1], found[1:]])


def widened_difference(values: Floats, of_training: float) -> Floats:
    """The same of a difference, on its own scale."""
    return np.asarray(values[0] + np.sqrt(1 + of_training) * (values - values[0]))
