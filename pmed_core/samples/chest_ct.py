"""Simulated axial slices of chest CT, some with nodules, as DICOM. Nobody was measured.

Hounsfield units of tissues follow the usual textbook ranges (air -1000, lung about -850, fat -100,
soft tissue 20 to 60, bone 300 and more); edges are shared between pixels (partial volume), the
scanner blurs, and its noise is correlated from pixel to pixel. Every nodule's place is known.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless, generate_uid
from scipy.ndimage import gaussian_filter

from pmed_core.modalities.scan.ct import as_file, image

Floats = NDArray[np.float64]

PATIENTS, SLICES, SIDE = 120, 3, 128
APART = 1.25
"""Millimetres between slices, so that even a small nodule is on all three."""
SMALLEST, LARGEST = 4.0, 30.0
"""Diameters of nodules in millimetres."""
AIR, FAT, MUSCLE, HEART, BLOOD, MARROW, CORTEX = -1000, -100, 50, 40, 45, 180, 650
NOTICE = "Simulated chest CT, not a real patient"
MOMENT = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Nodule:
    """A lesion: middle (x, y, z), radius in mm, Hounsfield units, and how ragged its edge is."""

    middle: tuple[float, float, float]
    radius: float
    value: float
    spikes: float
    phases: tuple[float, ...]


@dataclass(frozen=True)
class Patient:
    """What differs from person to person; lengths in mm from the middle of the chest."""

    spacing: float
    turn: float
    width: float
    depth: float
    fat: float
    lung: float
    noise: float
    asymmetry: float
    vessels: tuple[tuple[float, float, float, float, float], ...]
    nodules: tuple[Nodule, ...]


def write(path: Path, patients: int = PATIENTS, seed: int = 0) -> None:
    """A ZIP with ``nodule/``, ``no nodule/`` and ``masks/``; the same bytes for the same seed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(patients):
            generator = np.random.default_rng([seed, number])
            patient = _patient(generator, ill=number % 2 == 0)
            folder = "nodule" if patient.nodules else "no nodule"
            for slice_ in range(SLICES):
                pixels, mask = _slice(patient, (slice_ - SLICES // 2) * APART, generator)
                name = f"p{number + 1:03d}_{slice_ + 1}"
                dataset = _dataset(patient, pixels, (seed, number, slice_))
                _put(archive, f"{folder}/{name}.dcm", as_file(dataset))
                if mask.any():
                    _put(archive, f"masks/{name}.png", _png(mask))


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _patient(generator: np.random.Generator, ill: bool) -> Patient:
    draw = generator.uniform
    width, depth = draw(145, 170), draw(95, 112)
    plain = Patient(
        spacing=2.25 * width / SIDE + draw(0, 0.2), turn=draw(-0.08, 0.08), width=width,
        depth=depth, fat=draw(6, 18), lung=draw(-880, -820), noise=draw(15, 30),
        asymmetry=draw(-6, 6), vessels=_vessels(generator), nodules=(),
    )  # fmt: skip
    if not ill:
        return plain
    count = int(generator.integers(1, 4))
    nodules = [_nodule(plain, generator) for _ in range(count)]
    return Patient(**(vars(plain) | {"nodules": tuple(nodules)}))


def _vessels(
    generator: np.random.Generator,
) -> tuple[tuple[float, float, float, float, float], ...]:
    """Tapering pieces (x, y, x', y', radius) that branch from both hila, and some seen end-on."""
    pieces = []
    for side in (-1, 1):
        for _ in range(9):
            x, y, way = side * 32.0, generator.uniform(-8, 12), generator.uniform(-1.3, 1.3)
            radius = generator.uniform(2.2, 3.6)
            for _ in range(7):
                length = generator.uniform(7, 13)
                way += generator.normal(0, 0.35)
                x2, y2 = x + side * length * np.cos(way), y + length * np.sin(way)
                pieces.append((x, y, x2, y2, radius))
                x, y, radius = x2, y2, radius * 0.78
        for _ in range(int(generator.integers(5, 11))):
            x, y = side * generator.uniform(35, 110), generator.uniform(-55, 55)
            pieces.append((x, y, x, y, float(generator.uniform(0.8, 2.2))))
    return tuple(pieces)


def _nodule(patient: Patient, generator: np.random.Generator) -> Nodule:
    """Wholly inside a lung; half of them round, a quarter of them part-solid."""
    diameter = float(generator.uniform(SMALLEST, LARGEST))
    radius = diameter / 2
    while True:
        x = float(generator.choice([-1, 1]) * generator.uniform(38, 115))
        y = float(generator.uniform(-65, 65))
        where = np.array([[x]]), np.array([[y]])
        if _lungs(patient, *where)[0, 0] > radius + 3:
            break
    value = (
        generator.uniform(-500, -300) if generator.random() < 0.25 else generator.uniform(10, 70)
    )
    spikes = 0.0 if generator.random() < 0.5 else generator.uniform(0.12, 0.3)
    phases = tuple(float(p) for p in generator.uniform(0, 2 * np.pi, 3))
    return Nodule((x, y, float(generator.uniform(-0.5, 0.5))), radius, float(value), spikes, phases)


def _slice(
    patient: Patient, z: float, generator: np.random.Generator
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """(128, 128) Hounsfield units, and the mask of its nodules as 0 and 255."""
    x, y = _places(patient)
    drawn = _body(patient, x, y)
    lung = _share(_lungs(patient, x, y), patient)
    gravity = 30 * y / patient.depth
    texture = gaussian_filter(generator.normal(0, 60, x.shape), 2.0)
    drawn = _mixed(drawn, patient.lung + gravity + texture, lung)
    for piece in patient.vessels:
        drawn = _mixed(drawn, BLOOD, _share(_line(piece, x, y), patient) * lung)
    marked = np.zeros(x.shape)
    for nodule in patient.nodules:
        share = _share(_ball(nodule, x, y, z), patient)
        drawn = _mixed(drawn, nodule.value, share)
        marked = np.maximum(marked, share)
    noise = gaussian_filter(generator.normal(0, 1, x.shape), 0.7)
    drawn = gaussian_filter(drawn, 0.55) + patient.noise * noise / noise.std()
    mask = np.where(marked > 0.5, 255, 0).astype(np.uint8)
    return np.clip(np.rint(drawn), -1024, 3071).astype(np.int16), mask


def _places(patient: Patient) -> tuple[Floats, Floats]:
    """Millimetres to the patient's left and to the back, in the turned body."""
    axis = (np.arange(SIDE) - (SIDE - 1) / 2) * patient.spacing
    across, down = np.meshgrid(axis, axis)
    cosine, sine = np.cos(patient.turn), np.sin(patient.turn)
    return cosine * across + sine * down, cosine * down - sine * across


def _share(inside: Floats, patient: Patient) -> Floats:
    """Distance to the edge in mm, above zero inside -> share of each pixel that is inside."""
    return np.clip(inside / patient.spacing + 0.5, 0, 1)


def _mixed(under: Floats, value: float | Floats, share: Floats) -> Floats:
    return np.asarray(under * (1 - share) + value * share)


def _oval(x: Floats, y: Floats, middle: tuple[float, float], size: tuple[float, float]) -> Floats:
    """About the distance in mm to the edge of an ellipse."""
    radius = np.hypot((x - middle[0]) / size[0], (y - middle[1]) / size[1])
    return np.asarray((1 - radius) * min(size))


def _body(patient: Patient, x: Floats, y: Floats) -> Floats:
    width, depth, fat = patient.width, patient.depth, patient.fat
    drawn = np.full(x.shape, float(AIR))
    table = 4 - np.abs(y - depth - 9)
    drawn = _mixed(drawn, -300, _share(table, patient) * (np.abs(x) < 0.9 * width))
    drawn = _mixed(drawn, FAT, _share(_oval(x, y, (0, 0), (width, depth)), patient))
    inner = _oval(x, y, (0, 0), (width - fat, depth - fat))
    drawn = _mixed(drawn, MUSCLE, _share(inner, patient))
    drawn = _mixed(drawn, HEART, _share(_oval(x, y, (14, -22), (52, 44)), patient))
    for place, size in (((0.0, depth * 0.55), 19.0), ((0.0, depth * 0.55 + 26), 9.0)):
        drawn = _bone(drawn, patient, _oval(x, y, place, (size, 0.9 * size)), 3)
    drawn = _mixed(drawn, 10, _share(_oval(x, y, (0, depth * 0.55 + 19), (8, 7)), patient))
    for step in range(14):
        way = 2 * np.pi * (step + 0.5) / 14
        place = ((width - fat - 12) * np.cos(way), (depth - fat - 10) * np.sin(way))
        drawn = _bone(drawn, patient, _oval(x, y, place, (10, 5.5)), 1.5)
    return drawn


def _bone(drawn: Floats, patient: Patient, inside: Floats, wall: float) -> Floats:
    drawn = _mixed(drawn, CORTEX, _share(inside, patient))
    return _mixed(drawn, MARROW, _share(inside - wall, patient))


def _lungs(patient: Patient, x: Floats, y: Floats) -> Floats:
    """Distance in mm to the edge of the nearer lung, above zero inside; the heart is outside."""
    width, depth = patient.width - patient.fat - 22, patient.depth - patient.fat - 18
    found = np.full(np.shape(x), -np.inf)
    for side in (-1, 1):
        size = (0.43 * width + side * patient.asymmetry / 2, 0.95 * depth)
        found = np.maximum(found, _oval(x, y, (side * 0.56 * width, 4), size))
    heart = _oval(x, y, (14, -22), (54, 46))
    spine = _oval(x, y, (0, patient.depth * 0.55), (24, 22))
    return np.asarray(np.minimum(found, -np.maximum(heart, spine)))


def _line(piece: tuple[float, float, float, float, float], x: Floats, y: Floats) -> Floats:
    x0, y0, x1, y1, radius = piece
    length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-9)
    along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
    away = np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
    return np.asarray(radius - away)


def _ball(nodule: Nodule, x: Floats, y: Floats, z: float) -> Floats:
    """The cut of a ball whose edge is wavy where it has spikes."""
    height = nodule.radius**2 - (z - nodule.middle[2]) ** 2
    radius = np.sqrt(max(height, 0.0))
    across, down = x - nodule.middle[0], y - nodule.middle[1]
    way = np.arctan2(down, across)
    waves = sum(np.cos((5 + 3 * k) * way + phase) for k, phase in enumerate(nodule.phases))
    return np.asarray(radius * (1 + nodule.spikes * np.asarray(waves) / 2) - np.hypot(across, down))


def _dataset(patient: Patient, pixels: NDArray[np.int16], key: tuple[int, int, int]) -> Dataset:
    seed, number, slice_ = key
    volume = f"pmed {seed} {number}"
    uid = generate_uid(entropy_srcs=[volume, f"slice {slice_}"])
    corner = -(SIDE - 1) / 2 * patient.spacing
    spacing = round(patient.spacing, 4)
    given = {
        "PatientID": f"SIM{number + 1:03d}", "PatientName": f"Simulated^{number + 1:03d}",
        "StudyDescription": NOTICE, "ImageComments": NOTICE, "InstanceNumber": slice_ + 1,
        "ImagePositionPatient": [round(corner, 2), round(corner, 2), slice_ * APART],
        "PixelSpacing": [spacing, spacing], "SliceThickness": APART, "BitsStored": 12,
        "HighBit": 11, "RescaleIntercept": -1024, "RescaleType": "HU", "WindowCenter": -600,
        "WindowWidth": 1500,
    }  # fmt: skip
    dataset = image((pixels + 1024).astype(np.uint16), uid, volume, given)
    dataset.compress(RLELossless, generate_instance_uid=False)
    return dataset


def _png(mask: NDArray[np.uint8]) -> bytes:
    written = io.BytesIO()
    Image.fromarray(mask).save(written, "PNG")
    return written.getvalue()
