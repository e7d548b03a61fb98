"""The choices of a training run on scans."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pmed_core.modalities.options import Device, Network, OfEpochs, Options, Seed, TimeLimit


class EvidenceOptions(Network):
    """A small residual network whose map of evidence adds up to the prediction."""

    name: Literal["evidence"] = "evidence"
    title: ClassVar[str] = "Evidence network"
    cost: ClassVar[tuple[float, float]] = (0, 2.6e-6)


class Cnn32Options(Network):
    """The textbooks' network for two classes: 32 and 64 convolutions, 64 dense units."""

    name: Literal["cnn32"] = "cnn32"
    title: ClassVar[str] = "CNN 32-64"
    cost: ClassVar[tuple[float, float]] = (0, 6e-7)


class Cnn64Options(Network):
    """The textbooks' larger network: 64 and 128 convolutions, 256 dense units."""

    name: Literal["cnn64"] = "cnn64"
    title: ClassVar[str] = "CNN 64-128"
    cost: ClassVar[tuple[float, float]] = (0, 2e-6)


class Cnn28Options(Network):
    """The textbooks' network for thumbnails: 32 convolutions, 100 dense units."""

    name: Literal["cnn28"] = "cnn28"
    title: ClassVar[str] = "CNN 28 x 28"
    cost: ClassVar[tuple[float, float]] = (0, 3e-7)


MACHINE, BEFORE = "PCA and SVM", "The model before it was continued"


class MachineOptions(Network):
    """A support vector machine on principal components of small grey scans: learnt at once, and no
    patient's scan is kept. What hidden parts of a scan change explains it."""

    name: Literal["svm"] = "svm"
    title: ClassVar[str] = MACHINE
    baselines: ClassVar[tuple[str, ...]] = (MACHINE,)
    at_once: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float]] = (0, 1e-8)


ScanNetworkOptions = Annotated[
    EvidenceOptions | Cnn32Options | Cnn64Options | Cnn28Options | MachineOptions,
    Field(discriminator="name"),
]

COMPARED = {
    BEFORE: "the new scans did not help, so keep that one",
}
"""Baselines that stand for comparison only -> what to do where one is better."""

SIZES, OUTLINED_SIZE = (28, 64, 128), 64
STEPS, EPOCHS_AT_LEAST, EPOCHS_AT_MOST = 1300, 16, 50
"""How long a network is trained where nobody says otherwise: so many steps, within these epochs."""
SMALLEST_BATCH, LARGEST_BATCH = 16, 64


class ScanOptions(Options):
    """Everything a person chooses before training on scans; the defaults are the recipe."""

    network: ScanNetworkOptions = Field(default=EvidenceOptions(), title="Model")
    size: Literal["auto", "28", "64", "128", "256"] = Field(
        default="auto",
        title="Size (pixels a side)",
        description="What the network reads. 'Auto' takes the scans' own size, at most 128.",
    )
    window: Literal["auto", "lung", "mediastinum", "bone", "custom", "full"] = Field(
        default="auto",
        title="Window",
        description="Of Hounsfield units: lung -600/1500, mediastinum 40/400, bone 400/1800. "
        "'Auto' is lung for CT; other scans are used from their darkest to their brightest.",
    )
    window_centre: float = Field(
        default=-600.0,
        ge=-1024,
        le=3071,
        title="Centre of a custom window (HU)",
    )
    window_width: float = Field(
        default=1500.0,
        ge=1,
        le=4095,
        title="Width of a custom window (HU)",
    )
    contrast: Literal["none", "clahe"] = Field(
        default="none",
        title="Contrast",
        description="CLAHE (contrast-limited adaptive histogram equalisation) shows faint detail.",
    )
    denoise: Literal["none", "median"] = Field(
        default="none",
        title="Denoise",
        description="The median of 3 x 3 pixels takes away single bright or dark ones.",
    )
    epochs: Annotated[int, OfEpochs()] = Field(
        default=0, ge=0, le=1000, title="Epochs", description="0: by the number of scans."
    )
    members: int = Field(
        default=2,
        ge=1,
        le=10,
        title="Networks",
        description="Trained from different seeds; their mean predicts.",
    )
    shifts: bool = Field(
        default=False,
        title="Average small shifts",
        description="A scan is predicted five times, moved a little each time, and averaged. "
        "It takes five times as long to explain.",
    )
    augmentation: bool = Field(
        default=True,
        title="Augmentation",
        description="Shift, turn, zoom, brightness, contrast, sharpness, noise and hidden squares; "
        "never left for right.",
    )
    outlines: bool = Field(
        default=True,
        title="Outlines",
        description="Where people outlined lesions, a U-Net learns to, and the evidence network "
        "reads what it finds.",
    )
    held_out_percent: int = Field(
        default=20,
        ge=5,
        le=50,
        title="Held out (% of patients)",
        description="They are predicted once and evaluate the model. Not used where validation "
        "scans are given.",
    )
    time_limit_minutes: TimeLimit = 30
    device: Device = "auto"
    baselines: bool = Field(
        default=True,
        title="Baseline",
        description="A support vector machine on the principal components of small scans.",
    )
    seed: Seed = 0

    def pixels(self, side: int, outlined: bool = False) -> int:
        """What 'auto' means for scans of so many pixels along the longer side.

        ``outlined``: another network, which reads finer scans, says where lesions are.
        """
        largest = OUTLINED_SIZE if outlined else SIZES[-1]
        fitting = [size for size in SIZES if size <= min(max(side, SIZES[0]), largest)]
        return fitting[-1] if self.size == "auto" else int(self.size)

    def batch(self, scans: int) -> int:
        """Scans in a batch: fewer where there are few, so that there are enough steps."""
        return min(max(scans // 64, SMALLEST_BATCH), LARGEST_BATCH)

    def steps(self, scans: int) -> int:
        """Batches in an epoch."""
        return max(1, scans // self.batch(scans))

    def planned_epochs(self, scans: int, outlined: bool = False) -> int:
        """What 0 means for so many training scans; where lesions are outlined, little is left to
        be learnt."""
        most = EPOCHS_AT_LEAST if outlined else EPOCHS_AT_MOST
        fitting = min(max(STEPS // self.steps(scans), EPOCHS_AT_LEAST), most)
        return self.epochs or fitting
