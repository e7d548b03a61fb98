"""Tested genes drawn: QQ plot, Manhattan plot, and what the network uses, each with its words."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import theme
from pmed_core.modalities.variants.builds import CHROMOSOMES
from pmed_core.modalities.variants.risk_genes import Gene, RiskGenes
from pmed_core.quantity import counted

NAMED, BEYOND = 10, "Beyond chance"
P_AXIS = "−log₁₀ p"
MARGIN = 0.06
"""Share of the plot beside the first and the last gene."""


def _height(p: float) -> float:
    return -math.log10(max(p, 1e-300))


def qq(found: RiskGenes) -> go.Figure:
    """Observed p against those that chance gives, with what chance leaves them to vary."""
    many = len(found.genes)
    shown = theme.figure("Expected −log₁₀ p by chance", f"Observed {P_AXIS}")
    expected = [_height((rank + 0.5) / many) for rank in range(many)]
    low, high = _spread(many)
    theme.band(shown, expected, low, high, theme.QUIET)
    ends = [0, expected[0]] if expected else [0, 1]
    theme.line(
        shown, ends, ends, colour=theme.QUIET, dash="dash", width=1.5, name="By chance",
        hoverinfo="skip",
    )  # fmt: skip
    _points(shown, expected, found)
    shown.update_layout(showlegend=True)
    return shown


def _spread(many: int) -> tuple[list[float], list[float]]:
    """Where the p of each rank lies in 95 % of cohorts without signal, by the normal approximation
    to the logit of a beta variable."""
    low, high = [], []
    for rank in range(1, many + 1):
        mean = rank / (many + 1)
        spread = 1.96 / math.sqrt((many + 2) * mean * (1 - mean))
        centre = math.log(mean / (1 - mean))
        low.append(_height(1 / (1 + math.exp(-(centre + spread)))))
        high.append(_height(1 / (1 + math.exp(-(centre - spread)))))
    return low, high


def _points(shown: go.Figure, x: list[float], found: RiskGenes) -> None:
    """Reported genes as diamonds, all others as dots."""
    reported = {gene.name for gene in found.reported}
    of: dict[bool, list[tuple[float, Gene]]] = {True: [], False: []}
    for at, gene in zip(x, found.genes, strict=True):
        of[gene.name in reported].append((at, gene))
    for name, mine, style in (
        ("Other genes", of[False], {"color": theme.MODEL, "size": 6, "opacity": 0.7}),
        (BEYOND, of[True], {"color": theme.EVENT, "size": 10, "symbol": "diamond"}),
    ):
        if mine:
            _scatter(shown, name, mine, style)


def _scatter(
    shown: go.Figure, name: str, mine: list[tuple[float, Gene]], style: dict[str, Any]
) -> None:
    shown.add_scatter(
        x=[at for at, _ in mine], y=[_height(gene.p) for _, gene in mine], name=name,
        mode="markers", marker=style, text=[gene.name for _, gene in mine],
        customdata=[(gene.chromosome, gene.position, gene.p, gene.q) for _, gene in mine],
        hovertemplate="%{text}<br>chromosome %{customdata[0]}:%{customdata[1]:,}<br>"
        "p %{customdata[2]:.2g}, q %{customdata[3]:.2g}<extra></extra>",
    )  # fmt: skip


def qq_caption(found: RiskGenes) -> str:
    """What the QQ plot says."""
    return (
        f"{counted(len(found.genes), 'gene')}, genomic inflation λ = {found.inflation:.2f}. Where "
        "dots follow the line, chance is all there is; the band holds 95 % of cohorts without "
        "signal. A whole curve above the line speaks for relatives or ancestry that is not "
        "accounted for, its end alone for genes that matter."
    )


def manhattan(found: RiskGenes) -> go.Figure:
    """Each gene at its place in the genome."""
    order = sorted(found.genes, key=_place)
    place = {gene.name: float(k) for k, gene in enumerate(order)}
    shown = theme.figure("Genes in their order, by chromosome", P_AXIS)
    starts: dict[str, list[float]] = {}
    for gene in order:
        starts.setdefault(gene.chromosome, []).append(place[gene.name])
    for number, places in enumerate(starts.values()):
        if number % 2:
            shown.add_vrect(
                x0=places[0] - 0.5, x1=places[-1] + 0.5, line_width=0, layer="below",
                fillcolor=theme.faint(theme.QUIET, 0.12),
            )  # fmt: skip
    if found.reported:
        limit = max(gene.p for gene in found.reported)
        shown.add_hline(
            y=_height(limit) - 0.03, line={"dash": "dash", "color": theme.QUIET, "width": 1.5}
        )
    _points(shown, [place[gene.name] for gene in found.genes], found)
    shown.update_xaxes(
        tickvals=[sum(p) / len(p) for p in starts.values()], ticktext=list(starts), showgrid=False
    )
    highest = max((_height(gene.p) for gene in found.genes), default=1.0)
    # Numbers, for names would lie over each other where genes are near, or the screen is narrow.
    shown.add_scatter(
        x=[place[gene.name] for gene in _numbered(found)],
        y=[_height(gene.p) for gene in _numbered(found)], mode="markers+text",
        marker={"opacity": 0, "size": 16}, showlegend=False,
        text=[str(k) for k in range(1, NAMED + 1)][: len(found.reported)], hoverinfo="skip",
        textposition="top center",
    )  # fmt: skip
    shown.update_yaxes(range=[-0.04 * highest, 1.15 * highest])
    shown.update_xaxes(range=[-MARGIN * len(order) - 1, (1 + MARGIN) * len(order)])
    shown.update_layout(showlegend=True)
    return shown


def _numbered(found: RiskGenes) -> list[Gene]:
    """The first reported genes, as they follow one another in the genome."""
    return sorted(found.reported[:NAMED], key=_place)


def _place(gene: Gene) -> tuple[int, str, int]:
    return (*_rank(gene.chromosome), gene.position)


def _rank(chromosome: str) -> tuple[int, str]:
    known = chromosome in CHROMOSOMES
    return (CHROMOSOMES.index(chromosome) if known else len(CHROMOSOMES), chromosome)


def manhattan_caption(found: RiskGenes) -> str:
    """What the Manhattan plot says."""
    line = "The dashed line is what genes beyond chance reach. " * bool(found.reported)
    named = ", ".join(f"{k} {gene.name}" for k, gene in enumerate(_numbered(found), 1))
    line += f"Numbers: {named}. " * bool(named)
    return (
        f"Each dot is a gene; the higher, the less chance explains it. {line}Genes have the same "
        "distance from one another, whatever their length."
    )


def table(found: RiskGenes) -> pd.DataFrame:
    """All genes with what was found of them."""
    reported = {gene.name for gene in found.reported}
    return pd.DataFrame(
        [
            {
                "Gene": gene.name, "Beyond chance": "yes" if gene.name in reported else "no",
                "p": gene.p, "q": gene.q, "Carriers with the event": 100 * gene.cases,
                "Carriers without": 100 * gene.others, "Rare variants": gene.variants,
                "p, burden": gene.burden, "p, SKAT": gene.skat, "Used by the network": gene.used,
                "Place": f"{gene.chromosome}:{gene.position:,}",
            }
            for gene in found.genes
        ]
    )  # fmt: skip


def used(found: RiskGenes) -> go.Figure:
    """The genes that move the network most, those beyond chance told apart."""
    first = _most_used(found)
    if not first:
        return theme.nothing("The network uses no gene that was tested.")
    reported = {gene.name for gene in found.reported}
    shown = theme.figure("Mean absolute SHAP value (log-odds)", bargap=0.35)
    names = [gene.name for gene in first]
    for label, colour, wanted in (
        ("Beyond chance", theme.EVENT, True), ("Other genes", theme.MODEL, False),
    ):  # fmt: skip
        rows = [k for k, gene in enumerate(first) if (gene.name in reported) is wanted]
        if rows:
            shown.add_bar(
                x=[first[k].used for k in rows], y=rows, orientation="h", name=label,
                marker=theme.solid(colour), customdata=[(names[k], first[k].p) for k in rows],
                hovertemplate="%{customdata[0]}<br>%{x:.3f}<br>p %{customdata[1]:.2g}"
                "<extra></extra>",
            )  # fmt: skip
    theme.rows(shown, names)
    shown.update_layout(showlegend=True, barmode="overlay")
    return shown


def _most_used(found: RiskGenes) -> list[Gene]:
    known = [gene for gene in found.genes if gene.used]
    return sorted(known, key=lambda gene: -(gene.used or 0))[:NAMED]


def used_caption(found: RiskGenes) -> str:
    """How both lists go together."""
    reported = {gene.name for gene in found.reported}
    both = sum(gene.name in reported for gene in _most_used(found))
    first = counted(len(_most_used(found)), "gene")
    among = f"{both} of the {len(reported)} beyond chance are among them"
    return (
        f"The {first} that moved the network most in held-out patients; "
        f"{among if reported else 'no gene is beyond chance'}. The network also uses what it "
        "cannot be sure of, so that its list alone is no evidence."
    )


def used_table(found: RiskGenes) -> pd.DataFrame:
    """The same as a table."""
    return pd.DataFrame(
        [
            {"Gene": gene.name, "Mean absolute SHAP value": gene.used, "p": gene.p}
            for gene in _most_used(found)
        ]
    )
