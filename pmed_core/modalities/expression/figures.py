"""Genes of a cohort: how far they differ and how surely, and the heat map of those that do most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import theme
from pmed_core.modalities.expression.genes import Gene, Genes
from pmed_core.quantity import counted

NAMED, RATE = 10, 0.05
NEAR = 0.3, 0.07
"""Shares of the axes within which two names would overlap."""
LEAST_P = 1e-300
CELL = 15
SAID = "descriptive of the patients the model was trained on, and no evaluation"


def volcano(found: Genes) -> go.Figure:
    """Each gene by its difference and its p."""
    shown = theme.figure(f"Difference of means ({found.unit})", "−log₁₀ p", 400)
    sure = [one for one in found.shown if one.q <= RATE]
    rest = [one for one in found.shown if one.q > RATE]
    groups = (
        ([one for one in sure if one.difference > 0], "Higher", theme.EVENT, "triangle-up"),
        ([one for one in sure if one.difference <= 0], "Lower", theme.MODEL, "triangle-down"),
        (rest, "False discovery rate above 5 %", theme.QUIET, "circle"),
    )
    for genes, title, colour, symbol in groups:
        if genes:
            shown.add_scattergl(
                x=[one.difference for one in genes], y=[_height(one) for one in genes],
                mode="markers", name=title,
                marker={"color": colour, "symbol": symbol, "size": 7, "opacity": 0.7},
                customdata=[[one.name, f"{one.q:.2g}", one.place or "–"] for one in genes],
                hovertemplate="%{customdata[0]}<br>Difference %{x:.2f}, false discovery rate "
                "%{customdata[1]}<br>Rank in the model %{customdata[2]}<extra></extra>",
            )  # fmt: skip
    for one in _apart(sorted(sure, key=lambda one: one.p)):
        shown.add_annotation(
            x=one.difference, y=_height(one), text=_short(one.name), showarrow=False, yshift=11,
            font={"size": 11},
        )  # fmt: skip
    shown.add_vline(0, line={"color": theme.AXIS, "width": 1})
    return shown


def _apart(genes: list[Gene]) -> list[Gene]:
    """The first few whose names would not lie over each other."""
    found = list[Gene]()
    wide = max((abs(one.difference) for one in genes), default=1.0) * NEAR[0]
    high = max(map(_height, genes), default=1.0) * NEAR[1]
    for one in genes:
        crowded = any(
            abs(one.difference - other.difference) < wide
            and abs(_height(one) - _height(other)) < high
            for other in found
        )
        if not crowded and len(found) < NAMED:
            found.append(one)
    return found


def _height(one: Gene) -> float:
    return float(-np.log10(max(one.p, LEAST_P)))


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def volcano_caption(found: Genes) -> str:
    """How many genes differ, and what that says."""
    inside, outside = found.sizes
    left = found.tested - len(found.shown)
    parts = [
        f"{found.found:,} of {found.tested:,} genes differ between {counted(inside, 'sample')} of "
        f"{found.label} and {outside:,} others at a false discovery rate of 5 % (Welch's t-test, "
        "Benjamini and Hochberg)."
    ]
    if left:
        parts.append(f"All with the smallest p are drawn; of the others {left:,} are left out.")
    if found.patients < inside + outside:
        parts.append(
            f"The samples are of {found.patients:,} patients, and p counts each sample as a "
            "patient: it is too small."
        )
    return " ".join([*parts, f"This is {SAID}."])


def genes_table(found: Genes) -> pd.DataFrame:
    """The genes as a table, those with the smallest p first."""
    return pd.DataFrame(
        {
            "Gene": [one.name for one in found.shown],
            "Rank in the model": pd.array(
                [one.place or None for one in found.shown], dtype="Int64"
            ),
            "Mean absolute SHAP value": [one.share for one in found.shown],
            f"Difference ({found.unit})": [one.difference for one in found.shown],
            "p": [one.p for one in found.shown],
            "False discovery rate": [one.q for one in found.shown],
        }
    )  # fmt: skip


def heat_map(found: Genes) -> go.Figure:
    """Genes by samples, coloured by how far each lies from the mean of the cohort."""
    heat = found.heat
    height = 90 + CELL * len(heat.genes)
    shown = theme.figure("", "", height)
    columns = list(range(len(heat.samples)))
    text = [[f"{one}, {group}" for one, group in zip(heat.samples, heat.groups, strict=True)]]
    shown.add_heatmap(
        z=heat.values, x=columns, y=[_short(one) for one in heat.genes], zmin=-3, zmax=3,
        colorscale=[[0, theme.BLUE], [0.5, "#F4F4F4"], [1, theme.VERMILLION]],
        colorbar={"title": {"text": "SD", "side": "top"}, "thickness": 10, "len": 0.5},
        text=text * len(heat.genes),
        hovertemplate="%{y} of %{text}: %{z:.1f} SD<extra></extra>",
    )  # fmt: skip
    groups = list(dict.fromkeys(heat.groups))
    for group in groups:
        mine = [k for k, one in enumerate(heat.groups) if one == group]
        shown.add_annotation(
            x=(mine[0] + mine[-1]) / 2, y=1, yref="paper", yanchor="bottom", text=_short(group),
            showarrow=False,
        )  # fmt: skip
        if mine[0]:
            shown.add_vline(mine[0] - 0.5, line={"color": theme.QUIET, "width": 3})
    shown.update_xaxes(showticklabels=False, showgrid=False)
    shown.update_yaxes(showgrid=False, dtick=1, tickfont_size=11, autorange="reversed")
    return shown


def heat_caption(found: Genes) -> str:
    """What is drawn, and why it looks better than a model is."""
    heat = found.heat
    some = ""
    if len(heat.samples) < heat.several:
        some = f", {len(heat.samples)} of {heat.several:,} samples evenly chosen"
    return (
        f"The {len(heat.genes)} genes with the smallest p{some}; genes, and samples within their "
        "group, lie in the order of their clusters (average linkage of correlations). Genes that "
        f"were chosen because they differ look different even where nothing does: this is {SAID}."
    )


def heat_table(found: Genes) -> pd.DataFrame:
    """A row a gene, a column a sample."""
    heat = found.heat
    names = [f"{one} ({group})" for one, group in zip(heat.samples, heat.groups, strict=True)]
    table = pd.DataFrame(np.round(heat.values, 2), columns=pd.Index(names))
    table = table.loc[:, ~table.columns.duplicated()]
    table.insert(0, "Gene", list(heat.genes))
    return table


def sets_table(found: Genes) -> pd.DataFrame:
    """The sets of genes, those with the smallest p first."""
    return pd.DataFrame(
        {
            "Gene set": [one.name for one in found.sets],
            "Direction": ["higher" if one.higher else "lower" for one in found.sets],
            "Measured genes": [f"{one.size:,} of {one.of:,}" for one in found.sets],
            "p": [one.p for one in found.sets],
            "False discovery rate": [one.q for one in found.sets],
        }
    )


def sets_caption(found: Genes) -> str:
    """How sets are compared, and with what result."""
    sure = sum(one.q <= RATE for one in found.sets)
    parts = [
        f"{sure:,} of {len(found.sets):,} sets differ at a false discovery rate of 5 %: the ranks "
        "of their genes are compared with those of all other genes, allowing for a correlation of "
        "0.01 between genes of a set (CAMERA, Wu and Smyth 2012)."
    ]
    if found.unknown:
        parts.append(f"{counted(found.unknown, 'set')} with fewer than 3 measured genes left out.")
    return " ".join(parts)
