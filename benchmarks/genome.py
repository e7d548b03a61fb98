"""Sequences: promoters, enhancers and splice sites beside k-mer regression and a plain network.

    python -m benchmarks.genome FOLDER [--data splice enhancers promoters planted motifs cost]
        [--seed N] [--seeds N]

FOLDER holds ``dna_promoters_ecoli.csv.gz``, ``dna_enhancers_train.csv.gz`` and
``dna_splice_uci.csv``. Model and baselines are trained in one run on the same five folds, which
keep near-identical sequences, reverse complements and (of enhancers) chromosomes together;
differences are paired over the held-out sequences. ``planted``: simulated promoters, new ones
explained letter by letter. ``motifs``: over so many seeds, the motifs that recur in simulated
promoters; by k-mer regression, which is trained in seconds, over five times as many; and with
labels that mean nothing over ten times as many. ``cost``: processor time of one epoch on 27,000
simulated sequences of 251 letters, of which a training is reckoned.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core import fit, read_cohort
from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.modalities.sequence.ensemble import SequenceEnsemble
from pmed_core.modalities.sequence.kmers import choose, fit_words
from pmed_core.modalities.sequence.letters import FRACTIONS, encoded, reverse_complement
from pmed_core.modalities.sequence.motifs import Motifs
from pmed_core.modalities.sequence.mutating import mutagenesis
from pmed_core.modalities.sequence.network import Architecture
from pmed_core.modalities.sequence.options import WordsOptions
from pmed_core.modalities.sequence.recurrent import recurrent
from pmed_core.modalities.sequence.similar import grouped
from pmed_core.modalities.sequence.training import compiled, recipe, varied
from pmed_core.options import SequenceOptions
from pmed_core.outcomes import YesNo
from pmed_core.progress import Silent
from pmed_core.samples.promoters import MOTIFS, Simulated, promoters
from pmed_core.variable import Kind, Variable

SETS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "splice": ("dna_splice_uci.csv", "class", ("*",)),
    "enhancers": ("dna_enhancers_train.csv.gz", "label", ("enhancer",)),
    "promoters": ("dna_promoters_ecoli.csv.gz", "label", ("promoter",)),
}
PLANTED, EXPLAINED = 1000, 100
"""Simulated promoters, and others, to learn from; and new promoters that are explained."""
WORDS = SequenceOptions(network=WordsOptions())
RECURRENT = 200
"""Simulated promoters, and as many others, among which motifs are sought."""
ROWS, LETTERS, FOLDS = 27_000, 251, 3


def evaluated(folder: Path, name: str, seed: int) -> None:
    """Train on one of the sets and print it beside its baselines."""
    file, outcome, positive = SETS[name]
    cohort = read_cohort(folder / file, outcome=outcome, positive=positive, patient="id")
    began = time.process_time()
    predictor = fit(cohort, SequenceOptions(seed=seed))
    spent = time.process_time() - began
    found = predictor.evaluation
    print(f"\n{name}: {len(cohort):,} sequences, {spent:.0f} s of processor time")
    print(f"  {_line(found)}")
    for one in found.baselines:
        paired = one.difference
        print(
            f"  {one.name}: "
            + ", ".join(f"{k} {one.measures[k].value:.4f}" for k in _named(found))
            + f"; difference {paired.value:+.4f} ({paired.low:+.4f} to {paired.high:+.4f})"
        )
    for note in found.notes:
        print(f"  {note}")


def _named(found: Evaluation) -> list[str]:
    return [k for k in ("auroc", "accuracy", "log_loss") if k in found.measures]


def _line(found: Evaluation) -> str:
    each = ((k, found.measures[k]) for k in _named(found))
    return "model: " + ", ".join(
        f"{k} {m.value:.4f} ({m.low:.4f} to {m.high:.4f})" for k, m in each
    )


def planted(seed: int) -> None:
    """How many positions of planted motifs are among those that matter most."""
    made = promoters(PLANTED, seed=seed + 100)
    predictor = fit(_cohort(made), SequenceOptions(seed=seed, strands="one", baselines=False))
    print(f"\nplanted: {len(made):,} sequences\n  {_line(predictor.evaluation)}")
    new = [one for one in promoters(EXPLAINED, seed=seed + 200) if one.places]
    shares = {kind: [_recovered(predictor.ensemble, one, kind) for one in new]
              for kind in ("all", "consensus")}  # fmt: skip
    for kind, each in shares.items():
        hits, places = (sum(column) for column in zip(*each, strict=True))
        print(f"  {kind} positions of motifs among the highest: {hits / places:.3f} of {places:,}")


def _recovered(ensemble: SequenceEnsemble, one: Simulated, kind: str) -> tuple[int, int]:
    """Positions of the motifs that are among as many highest ones, and how many there are;
    "consensus": those alone whose letter was not exchanged."""
    found = mutagenesis(ensemble, one.letters, ensemble.outcome.labels[0], "simulated")
    places = [
        place + k for place, motif in zip(one.places, MOTIFS, strict=True)
        for k, letter in enumerate(motif)
        if kind == "all" or one.letters[place + k] == letter
    ]  # fmt: skip
    highest = set(np.argsort(-found.importance)[: len(places)].tolist())
    return len(highest & set(places)), len(places)


def motifs(seed: int, seeds: int) -> None:
    """The motifs of simulated promoters, and of promoters whose labels are shuffled."""
    networks = (("network", SequenceOptions(), seeds), ("k-mers", WORDS, 5 * seeds))
    for name, options, many in networks:
        told = [promoters_motifs(options, number) for number in range(seed, seed + many)]
        print(
            f"motifs, {name}: {sum(one.found for one in told)} of {2 * many} planted ones found to "
            f"the letter, {sum(one.others for one in told)} others; {_shares(told)}"
        )
    each = range(seed, seed + 10 * seeds)
    null = [promoters_motifs(WORDS, number, shuffled=True) for number in each]
    print(
        f"  labels shuffled, k-mers: any in {sum(one.found + one.others > 0 for one in null)} of "
        f"{len(null)} cohorts ({sum(one.tested for one in null)} patterns were tested)"
    )


@dataclass(frozen=True)
class Recurrence:
    """What was found in one cohort: planted motifs, others, patterns tested; and for each planted
    one the share of promoters and of others in which it occurs."""

    found: int
    others: int
    tested: int
    shares: tuple[tuple[float, float], ...]


def promoters_motifs(options: SequenceOptions, seed: int, *, shuffled: bool = False) -> Recurrence:
    """Of one simulated cohort."""
    made = promoters(RECURRENT, seed=seed + (900 if shuffled else 300))
    labels = [one.label for one in made]
    if shuffled:
        labels = np.random.default_rng(seed).permutation(labels).tolist()
    cohort = _cohort(made, labels)
    told = _recurrent(cohort, options.model_copy(update={"seed": seed, "baselines": False}))
    either = {one: reverse_complement(one) for one in MOTIFS}
    planted = {*either, *either.values()}
    mine = [one for one in told.motifs if one.consensus in planted]
    found = {min(one.consensus, reverse_complement(one.consensus)) for one in mine}
    of = told.sequences(told.groups[0][0])
    shares = [(one.within / of[0], one.others / of[1]) for one in mine]
    return Recurrence(len(found), len(told.motifs) - len(mine), told.tested, tuple(shares))


def _shares(told: list[Recurrence]) -> str:
    if not (each := np.array([one for cohort in told for one in cohort.shares])).size:
        return "none"
    within, others = each.mean(axis=0)
    return f"in {within:.0%} of promoters and {others:.0%} of others"


def _recurrent(cohort: Cohort, options: SequenceOptions) -> Motifs:
    predictor = fit(cohort, options)
    held_out = predictor.out_of_fold
    assert held_out is not None  # noqa: S101 - it was trained here
    rows = predictor.as_cohort(cohort)
    return recurrent(predictor.ensemble, rows, np.array(held_out.folds), (400, Silent()))


def _cohort(made: tuple[Simulated, ...], labels: list[str] | None = None) -> Cohort:
    labels = labels or [one.label for one in made]
    table = pd.DataFrame(
        {"sequence": pd.array([one.letters for one in made], dtype="str"),
         "label": pd.array(labels, dtype="str")}
    )  # fmt: skip
    variables = (Variable("sequence", Kind.SEQUENCE), Variable("label", Kind.YES_NO))
    return Cohort("simulated", table, variables, YesNo("label", ("promoter",)))


def cost(seed: int) -> None:
    """Processor time of the parts of one training of the size of human non-TATA promoters."""
    draw = np.random.default_rng(seed)
    letters = ["".join(row) for row in draw.choice(list("ACGT"), (ROWS, LETTERS))]
    labels: NDArray[np.int64] = draw.integers(0, 2, ROWS)
    codes, owners = encoded(letters, LETTERS), np.arange(ROWS).astype(str)
    # As ``Learning.packed`` has them: the label, and its weight.
    targets = np.column_stack([labels, np.ones(ROWS)]).astype(np.float32)
    rows = ROWS * (FOLDS - 1) // FOLDS
    plan = recipe(rows)
    network = compiled(
        Architecture("dilated", LETTERS, 1, plan.width, plan.dropout), YesNo("label", ("1",)),
        plan, rows,
    )  # fmt: skip

    def steps() -> None:
        for start in range(0, 20 * plan.batch, plan.batch):
            part = varied(codes[start : start + plan.batch], draw, plan.shift, True)
            network.train_on_batch(FRACTIONS[part], targets[start : start + plan.batch])

    _timed("tracing, once", steps)
    a_step = _timed("20 batches", steps) / 20
    words = [0.0]
    similar = _timed("similar sequences", lambda: grouped(letters))
    words[0] += _timed("words of a fold", lambda: choose(codes, labels, owners, "auto", seed))
    chosen = choose(codes[:500], labels[:500], owners[:500], "both", seed)
    words[0] += _timed("k-mer regression of a fold",
                       lambda: fit_words(chosen, codes[:rows], labels[:rows], 1))  # fmt: skip
    batches = rows * 7 // 8 // plan.batch * plan.epochs
    networks = FOLDS * plan.repeats * batches * a_step
    print(
        f"  networks {networks:.0f} s ({FOLDS} folds × {plan.repeats} × {plan.epochs} epochs), "
        f"the rest {similar + FOLDS * words[0]:.0f} s of processor time"
    )


def _timed(name: str, work: Callable[[], object]) -> float:
    began, clock = time.process_time(), time.monotonic()
    work()
    spent = time.process_time() - began
    print(
        f"  {name}: {spent:.1f} s of processor time, {time.monotonic() - clock:.1f} s by the clock"
    )
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", choices=(*SETS, "planted", "motifs", "cost"),
                        default=[*SETS, "planted", "motifs", "cost"])  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3, help="cohorts in which motifs are sought")
    given = parser.parse_args()
    for name in given.data:
        if name in SETS:
            evaluated(given.folder, name, given.seed)
    if "planted" in given.data:
        planted(given.seed)
    if "motifs" in given.data:
        motifs(given.seed, given.seeds)
    if "cost" in given.data:
        cost(given.seed)


if __name__ == "__main__":
    main()
