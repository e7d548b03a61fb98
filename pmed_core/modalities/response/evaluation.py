"""How good predicted responses are within a drug: what a choice among patients or drugs hangs on.

Most of what differs between pairs is how potent a drug is, which its mean knows already: a
correlation over all pairs is high for a model that knows nothing of a tumour (Bernett et al.,
Nat Commun 2026). Correlations are taken among the pairs of one fold, which the same models
predicted: over folds together even the drug's mean would correlate, negatively, with what was left
out of it. Intervals come from resampled cell lines; of new drugs, from resampled drugs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Baseline, Evaluation, Measure, Yardstick
from pmed_core.evaluations.resampling import interval, percentiles
from pmed_core.evaluations.words import verdict
from pmed_core.modalities.response.ensemble import Pairs
from pmed_core.predictions import Baselines, Predictions

Doubles = NDArray[np.float64]
RESAMPLES, SEED, LINES = 400, 7, 10
ROUNDED = 1e-9
"""LINES: fewer cell lines than that tell no correlation of a drug."""
WITHIN, BEYOND = "per_drug_r", "beyond_means_r2"
GRADES = (0.7, 0.5, 0.3)
"""Correlations within a drug; of new cell lines 0.5 is about the best anybody has published."""
YARDSTICK = Yardstick(WITHIN, GRADES)
WHY = (
    "Judge it by the correlation within each drug: R² over all pairs is high for any model that "
    "knows how potent each drug is, and says nothing of a tumour."
)


@dataclass(frozen=True)
class Tables:
    """What was said and measured, of m lines and d drugs; NaN where nothing was."""

    said: Doubles
    actual: Doubles

    @classmethod
    def of(
        cls,
        said: Doubles,
        actual: Doubles,
        pairs: Pairs,
        which: NDArray[np.bool_] | slice = slice(None),
    ) -> Tables:
        """Of n pairs, or of ``which``; of repeated ones the last."""
        shape = (int(pairs.line.max()) + 1, int(pairs.drug.max()) + 1)
        found = np.full((2, *shape), np.nan)
        found[:, pairs.line[which], pairs.drug[which]] = said[which], actual[which]
        found[:, ~np.isfinite(found).all(axis=0)] = np.nan
        return cls(*found)

    def correlations(self, counts: Doubles) -> Doubles:
        """(r, m) how often each line is drawn -> (r, d) Pearson correlation within each drug."""
        known = np.isfinite(self.actual)
        many = known.sum(axis=0)
        middle = np.nansum(self.actual, axis=0) / np.maximum(many, 1)
        x, y = (np.where(known, one - middle, 0.0) for one in (self.said, self.actual))
        n, sx, sy, xx, yy, xy = (counts @ one for one in (known * 1.0, x, y, x * x, y * y, x * y))
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt((xx - sx**2 / n) * (yy - sy**2 / n))
            found = np.where(spread > ROUNDED * n, (xy - sx * sy / n) / spread, 0.0)
        return np.where((n > 0) & (many >= LINES), found, np.nan)


def drawn(count: int) -> Doubles:
    """(1 + r, count) how often each is drawn, first each once."""
    found = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    return np.concatenate([np.ones((1, count)), found])


def within(folds: Sequence[Tables]) -> Measure:
    """The mean over drugs and folds of the correlation within each, with its interval."""
    return _bounded(resampled(folds))


def _bounded(values: Doubles) -> Measure:
    """Nothing where not all lines that may be drawn tell it."""
    return interval(values) if np.isfinite(values).all() else Measure(np.nan, np.nan, np.nan)


def resampled(folds: Sequence[Tables]) -> Doubles:
    """(1 + r,) the mean over drugs and folds of the correlation within each, first of all lines,
    then of resampled ones: the same ones whatever was said of them. NaN where no drug tells."""
    counts, shape = drawn(len(folds[0].actual)), folds[0].actual.shape[1:]
    total, many = np.zeros((len(counts), *shape)), np.zeros((len(counts), *shape))
    for tables in folds:
        found = tables.correlations(counts)
        # A fold counts by the pairs that it tells of.
        weight = np.isfinite(tables.actual).sum(axis=0) * np.isfinite(found)
        total, many = total + np.nan_to_num(found) * weight, many + weight
    with np.errstate(divide="ignore", invalid="ignore"):
        of_drugs = np.asarray(total / many)
        told = np.isfinite(of_drugs)
        return np.asarray(
            np.nansum(of_drugs, axis=1) / np.where(told.any(axis=1), told.sum(axis=1), np.nan)
        )


def beyond(said: Tables, means: Tables, by_drug: bool) -> Measure:
    """1 - squared error of the model / that of the means; by resampled lines, or drugs."""
    axis = 0 if by_drug else 1
    model, simple = (np.nansum((t.said - t.actual) ** 2, axis=axis) for t in (said, means))
    counts = drawn(len(model))
    return interval(1 - (counts @ model) / np.maximum(counts @ simple, 1e-12))


def completing(
    pairs: Pairs,
    means: Doubles,
    held_out: Predictions,
    beside: tuple[Baselines, str],
    told: tuple[str, ...] = (),
) -> Callable[[Evaluation], Evaluation]:
    """What a training adds to its evaluation: models are compared within drugs; ``told`` goes among
    the notes."""
    others, split = beside
    actual, folds = held_out.actual[:, 0], np.array(held_out.folds)

    def correlations(said: Doubles) -> Doubles:
        each = [Tables.of(said, actual, pairs, folds == one) for one in np.unique(folds)]
        return resampled(each)

    def measures(said: Doubles, within_drugs: Doubles) -> dict[str, Measure]:
        whole, simple = (Tables.of(one, actual, pairs) for one in (said, means))
        return {WITHIN: _bounded(within_drugs), BEYOND: beyond(whole, simple, split == "drug")}

    def compared(one: Baseline, ours: Doubles) -> Baseline:
        said = others[one.name][0].value[:, 0]
        theirs = correlations(said)
        return replace(
            one, measures=measures(said, theirs) | one.measures,
            difference=percentiles(ours - theirs),
        )  # fmt: skip

    def completed(evaluation: Evaluation) -> Evaluation:
        said = held_out.value[:, 0]
        ours = correlations(said)
        found = measures(said, ours) | evaluation.measures
        baselines = tuple(
            sorted(
                (compared(one, ours) for one in evaluation.baselines),
                key=lambda one: -np.nan_to_num(one.measures[WITHIN].value, nan=-1.0),
            )
        )
        notes = (
            *evaluation.notes, WHY, *_said(found, _of(pairs, means, held_out), split), *told,
        )  # fmt: skip
        return replace(
            evaluation, measures=found, baselines=baselines, notes=notes, yardstick=YARDSTICK,
            verdict=verdict(evaluation.outcome, found, baselines, WITHIN),
        )  # fmt: skip

    return completed


def _of(pairs: Pairs, means: Doubles, held_out: Predictions) -> tuple[int, int]:
    """Drugs of which the model is no nearer than their means, and all."""
    actual, count = held_out.actual[:, 0], len(pairs.smiles)
    squares = [
        np.bincount(pairs.drug, (actual - said) ** 2, count)
        for said in (held_out.value[:, 0], means)
    ]
    return int((squares[0] >= squares[1]).sum()), count


def _said(found: Mapping[str, Measure], drugs: tuple[int, int], split: str) -> tuple[str, ...]:
    """Whether the model is better than the means, in words."""
    over, (worse, count) = found[BEYOND], drugs
    asked = {
        "cell_line": "cell lines that the model had not seen",
        "tissue": "tissues of which the model had seen no cell line",
        "drug": "drugs that nobody had measured",
        "pair": "gaps among known drugs and known cell lines",
    }[split]
    told = [f"Evaluated on {asked}."]
    # A correlation within drugs may be above zero all the same.
    behind = "the model is, by squared error, no better than"
    if not over.bounded or over.low <= 0:
        told.append(f"On the whole {behind} the means of drugs and cell lines.")
    elif worse:
        told.append(f"Of {worse} of {count} drugs {behind} the drug's mean.")
    return tuple(told)


def of_new(
    evaluation: Evaluation, pairs: Pairs, predictions: Predictions, rows: NDArray[np.int64]
) -> Evaluation:
    """An evaluation with the correlation within drugs of what was predicted; ``rows``: of these, in
    the order of the pairs. Held-out ones are compared within their fold."""
    if not len(rows):
        return evaluation
    said, actual = predictions.value[rows, 0], predictions.actual[rows, 0]
    folds = np.array(predictions.folds)[rows] if predictions.folds else np.zeros(len(rows))
    each = [Tables.of(said, actual, pairs, folds == one) for one in np.unique(folds)]
    found = {WITHIN: within(each)}
    return replace(
        evaluation, measures=found | evaluation.measures, notes=(*evaluation.notes, WHY),
        yardstick=YARDSTICK,
    )  # fmt: skip
