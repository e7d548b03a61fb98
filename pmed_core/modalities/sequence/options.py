"""The choices of a training run on sequences."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pmed_core.modalities.options import Device, Network, Options, Seed, TimeLimit

ALONE, POSITIONS = "Network alone, uncalibrated", "Logistic regression of positions"
GC = "GC content alone"


class RecurrentOptions(Network):
    """Convolutions, dilated residual blocks, a bidirectional GRU and attention, weighed within the
    training part beside linear models of k-mers and of positions."""

    name: Literal["dilated"] = "dilated"
    title: ClassVar[str] = "Convolutional and recurrent network"
    cost: ClassVar[tuple[float, float]] = (8.0, 4e-6)


class ConvolutionalOptions(Network):
    """Two convolutions and nothing beside them: what is usually tried first."""

    name: Literal["cnn"] = "cnn"
    title: ClassVar[str] = "Plain convolutional network"
    baselines: ClassVar[tuple[str, ...]] = (title,)
    cost: ClassVar[tuple[float, float]] = (4.0, 2e-6)


class WordsOptions(Network):
    """Logistic regression on how often each short word of letters occurs."""

    name: Literal["kmers"] = "kmers"
    title: ClassVar[str] = "k-mer logistic regression"
    baselines: ClassVar[tuple[str, ...]] = (title,)
    simple: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float]] = (2.0, 1e-7)


class PositionsOptions(Network):
    """Logistic regression on which base stands where, of sequences of one length on one strand,
    as those round a splice site."""

    name: Literal["positions"] = "positions"
    title: ClassVar[str] = POSITIONS
    simple: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = (title,)
    cost: ClassVar[tuple[float, float]] = (2.0, 1e-7)


COMPARED = {
    ALONE: "it cannot be the model by itself, so train again with another seed before you believe "
    "it",
    GC: "the order of the letters adds nothing, so balance GC content between the classes before "
    "you train again",
}
"""Baselines that stand for comparison only -> what to do where one is better."""


class SequenceOptions(Options):
    """Everything a person chooses before training; the defaults are the recipe."""

    network: Annotated[
        RecurrentOptions | ConvolutionalOptions | WordsOptions | PositionsOptions,
        Field(discriminator="name"),
    ] = Field(default=RecurrentOptions(), title="Model")
    strands: Literal["auto", "both", "one"] = Field(
        default="auto",
        title="Strands",
        description="both: a sequence and its reverse complement mean the same, as of enhancers; "
        "both are learnt from and predictions are averaged. one: the strand matters, as of splice "
        "sites. auto: as a linear model of k-mers foretells better within each training part.",
    )
    split: Literal["auto", "similar", "chromosome"] = Field(
        default="auto",
        title="Split of sequences",
        description="similar: near-identical sequences, and reverse complements, stay on one side "
        "of every split. chromosome: so do whole chromosomes, where ids say chr1:100-200 or a "
        "column is called chromosome. auto: chromosomes where at least five are named.",
    )
    length: int = Field(
        default=0, ge=0, le=1000, title="Length",
        description="Letters that are read; longer sequences are cropped round the centre, shorter "
        "ones padded. 0: that of the longest sequences, 1,000 at most.",
    )  # fmt: skip
    folds: int = Field(
        default=5, ge=2, le=20, title="Folds",
        description="Each sequence is predicted by the models of the fold that never saw it. Above "
        "10,000 sequences three folds are enough.",
    )  # fmt: skip
    time_limit_minutes: TimeLimit = 30
    device: Device = "auto"
    baselines: bool = Field(
        default=True, title="Baselines",
        description="k-mer logistic regression and a plain convolutional network on the same "
        "folds.",
    )  # fmt: skip
    seed: Seed = 0
