"""Where the frames of a DICOM file lie, and what their numbers mean: functional groups or none.

Enhanced files keep both in groups that all frames share and groups of each frame (PS3.3 C.7.6.16);
plain ones keep them at the top. One look-up serves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from pmed_core.modalities.scan.readers.dicom_values import items, number, numbers, text, words

POSITIONS = (0x00200032, 0x00209057, 0x0020930C, 0x00209171)
"""Dimension pointers that tell where a frame lies, not which volume it belongs to."""


@dataclass(frozen=True)
class Place:
    """Where one frame lies.

    Attributes:
        position: millimetres along the normal; None where the file does not say.
        plane: the direction of its rows and columns, and its stack.
    """

    position: float | None
    plane: str


class Groups:
    """The functional groups of a file, or the file itself where it has none."""

    def __init__(self, dataset: Dataset, frames: int) -> None:
        self.dataset = dataset
        self.frames = frames
        shared = items(dataset, "SharedFunctionalGroupsSequence")
        self._shared = shared[0] if shared else Dataset()
        self._own = items(dataset, "PerFrameFunctionalGroupsSequence")
        self.enhanced = bool(shared or self._own)

    def of(self, frame: int, group: str) -> Dataset:
        """What the group says of a frame: its own, else the shared one, else the file."""
        if not self.enhanced:
            return self.dataset
        own = items(self._own[frame], group) if frame < len(self._own) else []
        found = own or items(self._shared, group)
        return found[0] if found else self.dataset

    def place(self, frame: int) -> Place:
        """Along the normal of the frame (PS3.3 C.7.6.2)."""
        way = numbers(self.of(frame, "PlaneOrientationSequence"), "ImageOrientationPatient")
        way = way if len(way) == 6 else (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        stack = text(self.of(frame, "FrameContentSequence"), "StackID") if self.enhanced else ""
        where = numbers(self.of(frame, "PlanePositionSequence"), "ImagePositionPatient")
        known = len(where) == 3 and (self.enhanced or self.frames == 1)
        plane = " ".join(f"{one + 0.0:.2f}".replace("-0.00", "0.00") for one in way) + stack
        return Place(_along(way, where) if known else None, plane)

    def spacing(self, frame: int) -> tuple[float, float] | None:
        """Millimetres from row to row and from column to column."""
        measures = self.of(frame, "PixelMeasuresSequence")
        found = numbers(measures, "PixelSpacing") or numbers(measures, "ImagerPixelSpacing")
        return found if len(found) == 2 and min(found) > 0 else None

    def projected(self, frame: int) -> bool:
        """The spacing is that at the detector: nobody calibrated it (PS3.3 C.10.7.1.1)."""
        found = [
            numbers(self.of(frame, "PixelMeasuresSequence"), f"{of}PixelSpacing")
            for of in ("", "Imager")
        ]
        return len(found[1]) == 2 and found[0] in ((), found[1])

    def thickness(self, frame: int) -> float | None:
        """Millimetres of the body that a frame stands for."""
        found = number(self.of(frame, "PixelMeasuresSequence"), "SliceThickness")
        return found if found and found > 0 else None

    def volume(self, frame: int) -> tuple[str, ...]:
        """What tells frames of one place apart; see ``Slice.volume``."""
        return _of_frame(self, frame) if self.enhanced else _of_file(self.dataset, frame)

    def kinds(self, frame: int) -> tuple[str, ...]:
        """The words of ImageType and FrameType."""
        found = words(self.dataset, "ImageType")
        for group in ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence"):
            if self.enhanced and (typed := self.of(frame, group)) is not self.dataset:
                found += words(typed, "FrameType")
        return found


def _along(way: Sequence[float], where: Sequence[float]) -> float:
    a, b, c, d, e, f = way
    # The cross product written out: numpy's takes longer than all else here, for each slice.
    return sum(
        n * one for n, one in zip((b * f - c * e, c * d - a * f, a * e - b * d), where, strict=True)
    )


def _of_file(dataset: Dataset, frame: int) -> tuple[str, ...]:
    vectors = ("EnergyWindowVector", "DetectorVector", "PhaseVector", "RRIntervalVector",
               "TimeSlotVector", "AngularViewVector", "RotationVector")  # fmt: skip
    told = [numbers(dataset, name) for name in vectors if name in dataset]
    of_frame = ",".join(f"{one[frame]:g}" for one in told if frame < len(one))
    return (
        of_frame,
        text(dataset, "TemporalPositionIdentifier"),
        text(dataset, "EchoNumbers"),
        text(dataset, "EchoTime"),
        text(dataset, "DiffusionBValue"),
        text(dataset, "DiffusionGradientOrientation"),
        text(dataset, "InversionTime"),
        text(dataset, "TriggerTime"),
        "/".join(words(dataset, "ImageType")),
        text(dataset, "AcquisitionNumber"),
        text(dataset, "AcquisitionTime"),
    )


def _of_frame(groups: Groups, frame: int) -> tuple[str, ...]:
    content = groups.of(frame, "FrameContentSequence")
    diffusion = groups.of(frame, "MRDiffusionSequence")
    slopes = items(diffusion, "DiffusionGradientDirectionSequence")
    return (
        text(content, "TemporalPositionIndex"),
        text(groups.of(frame, "TemporalPositionSequence"), "TemporalPositionTimeOffset"),
        text(groups.of(frame, "MREchoSequence"), "EffectiveEchoTime"),
        text(diffusion, "DiffusionBValue"),
        text(slopes[0], "DiffusionGradientOrientation") if slopes else "",
        text(groups.of(frame, "CardiacSynchronizationSequence"), "NominalCardiacTriggerDelayTime"),
        "/".join(groups.kinds(frame)),
        _dimensions(groups.dataset, content),
    )


def _dimensions(dataset: Dataset, content: Dataset) -> str:
    """The frame's place in all dimensions of the file that are none of the body (C.7.6.17)."""
    pointers = [
        int(found)
        for one in items(dataset, "DimensionIndexSequence")
        if (found := one.get("DimensionIndexPointer")) is not None
    ]
    values = numbers(content, "DimensionIndexValues")
    if len(pointers) != len(values):
        return ""
    told = zip(pointers, values, strict=True)
    return ",".join(f"{value:g}" for pointer, value in told if pointer not in POSITIONS)
