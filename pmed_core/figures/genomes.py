"""What is said of genomes without a model, drawn and told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import theme
from pmed_core.genome.told import GROUP_AT_LEAST, GeneCall, Matched, PolygenicScores
from pmed_core.quantity import counted

EVERYBODY = "All"


def genes_table(calls: tuple[GeneCall, ...]) -> pd.DataFrame:
    """One row a gene: its alleles, the phenotype, and why there is none."""
    return pd.DataFrame({
        "Gene": [one.gene for one in calls],
        "Alleles": [one.summary for one in calls],
        "Phenotype": [one.phenotypes for one in calls],
        "Activity score": [_activity(one) for one in calls],
        "Positions told": [
            f"{one.positions - len(one.missing)} of {one.positions}" for one in calls
        ],
        "Differs from the reference": ["; ".join(one.found) for one in calls],
        "Note": [note(one) for one in calls],
    })  # fmt: skip


def _activity(call: GeneCall) -> str:
    return " or ".join(dict.fromkeys(one.activity for one in call.diplotypes if one.activity))


def note(call: GeneCall) -> str:
    """Why a gene is not called, or what makes its call less than certain; empty for nothing."""
    if call.why or call.phased:
        return call.why
    return "The file does not tell which variants share a chromosome" + (
        ": several pairs fit." if len(call.diplotypes) > 1 else "; one pair fits."
    )


def statements_table(calls: tuple[GeneCall, ...]) -> pd.DataFrame:
    """One row for each drug of which a guideline says something of a possible phenotype."""
    rows = [
        [call.gene, one.phenotype, one.drugs, one.says, one.citation]
        for call in calls
        for one in call.statements
    ]
    return pd.DataFrame(rows, columns=["Gene", "Phenotype", "Drugs", "What goes with it", "Source"])


def scores(found: PolygenicScores, patient: str) -> go.Figure:
    """Scores of all, or of each group, and where the patient stands."""
    told = _scored(found)
    titles = {name: f"{name} ({len(values):,})" for name, values in told.items()}
    figure = theme.figure("Score", height=110 + 2 * theme.ROW * len(told), showlegend=False)
    for name, values in told.items():
        figure.add_box(
            x=values, name=titles[name], orientation="h", boxpoints=False,
            line={"color": theme.QUIET, "width": 1.5}, fillcolor=theme.faint(theme.QUIET),
        )  # fmt: skip
    place = found.patients.index(patient) if patient in found.patients else -1
    if place >= 0 and np.isfinite(found.scores[place]):
        mine, group = found.scores[place], found.groups[place] if found.groups else EVERYBODY
        figure.add_vline(x=mine, line={"color": theme.EVENT, "width": 1.5, "dash": "dot"})
        if group in titles:
            figure.add_scatter(
                x=[mine], y=[titles[group]], mode="markers",
                marker={"color": theme.EVENT, "size": 12, "symbol": "diamond"},
                hovertemplate="%{x:.3f}<extra>this patient</extra>",
            )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    return figure


def _scored(found: PolygenicScores) -> dict[str, np.ndarray]:
    """Group -> the scores that there are in it; everybody is one where there are none."""
    values = np.array(found.scores)
    groups = np.array(found.groups or [EVERYBODY] * len(values))
    known = np.isfinite(values)
    return {name: values[known & (groups == name)] for name in sorted({*groups.tolist()} - {""})}


def scores_caption(found: PolygenicScores, patient: str) -> str:
    """What a box is, who the patient is, where one is drawn, and why groups are apart."""
    scored = dict(zip(found.patients, found.scores, strict=True)).get(patient, np.nan)
    diamond = " The diamond is this patient." * bool(np.isfinite(scored))
    if not found.groups:
        return f"Half of the patients lie within the box.{diamond}"
    return (
        f"Half of a group lie within its box.{diamond} That groups lie apart says little of the "
        "trait: scores differ with ancestry for reasons of how they were made."
    )


def scores_table(found: PolygenicScores) -> pd.DataFrame:
    """One row a patient."""
    table = pd.DataFrame({"Patient": found.patients, "Score": found.scores})
    if found.groups:
        table["Group"] = found.groups
    table["Percentile of all"] = np.round(found.percentile, 1)
    if found.groups:
        table["Percentile within the group"] = np.round(found.within, 1)
    table["Missing calls"] = found.filled
    return table


def standing(found: PolygenicScores, patient: str) -> str:
    """Where a patient stands, in a sentence."""
    k = found.patients.index(patient)
    if not np.isfinite(found.scores[k]):
        return "There is no score: a call is missing, and nobody tells how frequent its allele is."
    said = [f"Score {found.scores[k]:.3f}"]
    if np.isfinite(found.percentile[k]):
        everybody = np.isfinite(found.scores).sum()
        said.append(f"percentile {found.percentile[k]:.0f} among all {everybody:,}")
    if found.groups and np.isfinite(found.within[k]):
        many = len(_scored(found)[found.groups[k]])
        said.append(f"percentile {found.within[k]:.0f} among the {many:,} of {found.groups[k]}")
    elif found.groups and not found.groups[k]:
        said.append("of no group by the table")
    elif found.groups:
        said.append(f"with fewer than {GROUP_AT_LEAST} others in its group, so that it has no "
                    "place there")  # fmt: skip
    return ", ".join(said) + "."


def matched_words(found: Matched, build: str) -> tuple[str, ...]:
    """How the variants of the score were found, a sentence each."""
    said = [
        f"{found.matched:,} of {found.variants:,} variants are in the genomes ({build}), with "
        f"{100 * found.weight:.1f} % of the weight."
    ]
    if found.absent or found.other:
        said.append(
            f"{counted(found.absent, 'place')} that {'is' if found.absent == 1 else 'are'} not in "
            f"the file, or without an alternative allele there, and {found.other:,} with other "
            "alleles count for nobody."
        )
    if found.reverse:
        lie = "lies" if found.reverse == 1 else "lie"
        said.append(f"{counted(found.reverse, 'variant')} {lie} on the reverse strand.")
    if found.ambiguous:
        how = (
            "they count as on the forward strand, where at least 99 % of the others lie"
            if found.ambiguous_used
            else "they are left out"
        )
        said.append(f"Of {found.ambiguous:,} the strand cannot be seen (A/T or C/G): {how}.")
    if found.failed:
        said.append(f"{counted(found.failed, 'variant')} of them did not pass the filters of the "
                    "file.")  # fmt: skip
    if found.missing:
        said.append(f"{100 * found.missing:.2f} % of the calls are missing and count as twice the "
                    "frequency of the allele.")  # fmt: skip
    return tuple(said)
