"""Recurrent motifs drawn as logos, with their words and tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pmed_core.arrays import Floats
from pmed_core.figures import theme
from pmed_core.figures.wording import percent
from pmed_core.modalities.sequence.glyphs import path
from pmed_core.modalities.sequence.logo_figures import COLOURS, WIDTH
from pmed_core.modalities.sequence.matching import Match
from pmed_core.modalities.sequence.motifs import Motif, Motifs
from pmed_core.modalities.sequence.mutagenesis import BASES

BITS = 2.0
MATCHED = (
    "A known motif is named where fewer than 0.05 of them would be expected to fit as well by "
    "chance. Columns are compared by their distance; chance is told by columns of the known "
    "motifs with their letters exchanged (Tomtom: Gupta et al., 2007)."
)


def bits(shares: Floats) -> Floats:
    """(w, 4) height of each letter: its share of what its place tells (Schneider & Stephens,
    Nucleic Acids Research 1990)."""
    entropy = -(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=1, keepdims=True)
    return np.asarray(shares * (BITS - entropy))


def motif_logo(one: Motif) -> go.Figure:
    """Letters upon each other, the most frequent on top."""
    shown = theme.figure("Place in the motif", "Information (bits)", 200)
    heights, shapes = bits(one.shares), []
    for place, row in enumerate(heights, 1):
        base = 0.0
        for column in np.argsort(row, kind="stable"):
            letter, high = BASES[column], float(row[column])
            shapes.append({
                "type": "path", "path": path(letter, (place - WIDTH / 2, base), (WIDTH, high)),
                "fillcolor": COLOURS[letter], "line": {"width": 0},
                "fillrule": "evenodd" if letter == "A" else "nonzero",
            })  # fmt: skip
            base += high
    shown.update_layout(shapes=shapes)
    places = np.arange(1, len(one.shares) + 1)
    shown.add_scatter(
        x=places, y=heights.sum(axis=1), mode="markers", marker={"opacity": 0, "size": 12},
        showlegend=False, customdata=np.round(one.shares, 3).tolist(),
        hovertemplate="Place %{x}: A %{customdata[0]}, C %{customdata[1]}, G %{customdata[2]}, "
        "T %{customdata[3]}<extra></extra>",
    )  # fmt: skip
    shown.update_xaxes(range=[0.4, len(places) + 0.6], dtick=1 if len(places) < 20 else 5,
                       showgrid=False)  # fmt: skip
    shown.update_yaxes(range=[0, BITS], dtick=1)
    return shown


def motif_caption(found: Motifs, one: Motif, event: str, match: Match | None) -> str:
    """What it does, where it occurs, and what it resembles."""
    moves = "rises" if one.raises else "falls"
    mine, others = found.sequences(one.label)
    said = (
        f"Where it stands, the prediction ({event}) {moves}. The model relies on it in "
        f"{one.within:,} of {mine:,} sequences with this outcome "
        f"({percent(one.within / max(1, mine))}) and in {one.others:,} of {others:,} others "
        f"({percent(one.others / max(1, others))}); p {_p(one.p)}."
    )
    if match is None:
        return said
    if not match.clear:
        return (
            f"{said} It resembles none of the known motifs: the nearest, {match.known.title}, "
            + (f"fits no better than chance would have it (E {match.e:.2g}).")
        )
    strand = " on the other strand" * match.turned
    return (
        f"{said} It resembles {match.known.title}{strand}: p {match.p:.2g}, E {match.e:.2g}, "
        f"{match.overlap} places compared."
    )


def _p(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-12 else "below 1e-12"


def matrix_table(one: Motif) -> pd.DataFrame:
    """Share of each letter at each place."""
    told = {"Place": np.arange(1, len(one.shares) + 1)}
    return pd.DataFrame(
        told | {base: np.round(one.shares[:, column], 3) for column, base in enumerate(BASES)}
    )


def motifs_table(found: Motifs, matches: Sequence[Match | None]) -> pd.DataFrame:
    """One row a motif."""
    rows = []
    for (name, one), match in zip(found.named(), matches, strict=True):
        mine, others = found.sequences(one.label)
        row = {
            "Motif": name, "Outcome": one.label,
            "Prediction": "raised" if one.raises else "lowered",
            "Sequences with the outcome": one.within, "of": mine, "Others": one.others,
            "of others": others, "p": one.p, "Occurrences": one.sites,
        }  # fmt: skip
        if match is not None:
            row |= {"Nearest known motif": match.known.title, "E": match.e,
                    "Beyond chance": "yes" if match.clear else "no"}  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def places_table(found: Motifs) -> pd.DataFrame:
    """One row an occurrence."""
    rows = [
        {"Motif": name, "Sequence": place.sequence, "Position": place.position,
         "Strand": place.strand}
        for name, one in found.named() for place in one.places
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Motif", "Sequence", "Position", "Strand"])


def motifs_words(found: Motifs) -> str:
    """How many there are, and of what."""
    return f"{_verdict(found)} Looked at: {_looked_at(found)}."


def _looked_at(found: Motifs) -> str:
    if found.of > found.explained:
        return f"{found.explained:,} of {found.of:,} sequences"
    return f"all {found.explained:,} sequences"


def _verdict(found: Motifs) -> str:
    if len(found.motifs) == 1:
        return "1 motif recurs where the model relies on it, and tells outcomes apart."
    if found.motifs:
        return (
            f"{len(found.motifs)} motifs recur where the model relies on them, and tell outcomes "
            "apart."
        )
    if found.tested == 1:
        return (
            "No recurrent motif: the one pattern that recurs does not tell outcomes apart more "
            "than chance would."
        )
    if found.tested:
        return (
            f"No recurrent motif: none of the {found.tested} patterns that recur tells outcomes "
            "apart more than chance would."
        )
    return (
        f"No recurrent motif: nothing that the model relies on recurs in {found.least} sequences "
        "or more."
    )


def method_words(found: Motifs) -> str:
    """How they were found."""
    strands = (
        "A stretch and its reverse complement count as one." if found.both
        else "The strand matters: stretches are compared as they are given."
    )  # fmt: skip
    return (
        "Each sequence is explained by the models that never saw it, by exchanging every letter. "
        "Stretches that matter are cut out and grouped by what their letters add (after "
        f"TF-MoDISco: Shrikumar et al., 2018). A pattern is shown where it recurs in {found.least} "
        "sequences or more and one outcome has it more often than the others (Fisher's exact test, "
        f"corrected for the {found.tested} patterns tested, p at most 0.01). One of each group of "
        "similar sequences is looked at, with outcomes as balanced as the cohort allows. "
        f"{strands} What the model relies on, not what binds there."
    )
