"""Speed on scans, beside plain Keras and a plain pydicom loop in the same run.

    python -m benchmarks.scans [--slices 300] [--scans 1500] [--epochs 3]

Training: our whole loop, with its score after each epoch, against a bare ``model.fit`` of the same
network behind the same augmentation on the same batches. Prediction: the same networks asked by us
and by ``model.predict``. Reading: a CT series of 512 x 512 pixels, de-identified and stored as one
cohort, against a loop of ``dcmread`` and ``pixel_array`` that does neither. Each pair is run three
times in turn, and the best of each is printed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import JPEG2000Lossless
from scipy.ndimage import zoom

from pmed_core.modalities.scan import learner as training
from pmed_core.modalities.scan.ct import as_file
from pmed_core.modalities.scan.ensemble import Data, ScanEnsemble
from pmed_core.modalities.scan.network import ScanArchitecture, build
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.options import ScanOptions
from pmed_core.outcomes import YesNo
from pmed_core.progress import Silent
from pmed_core.samples import chest_ct
from pmed_core.training.calibration import UNCHANGED

SIDE = 28
TIMES = 3


def seconds(*works: Callable[[], Any]) -> list[float]:
    """The best of a few runs of each, in turn, for a machine's own speed may change in between."""
    found = np.empty((TIMES, len(works)))
    for row in found:
        for number, work in enumerate(works):
            started = time.perf_counter()
            work()
            row[number] = time.perf_counter() - started
    return [float(best) for best in found.min(axis=0)]


def bag_of(data: Data) -> ScanEnsemble:
    """One fresh evidence network for these scans."""
    plan = ScanArchitecture("evidence", SIDE, 1, 1)
    preparation = Preparation(SIDE, 1, None)
    return ScanEnsemble(
        YesNo("label", ("yes",)), "no", plan, (build(plan),), preparation, UNCHANGED
    )


def noise(count: int) -> Data:
    """Scans of nobody; what is on them does not matter for the speed."""
    draw = np.random.default_rng(0)
    pixels = draw.random((count, SIDE, SIDE, 1), dtype=np.float32)
    return Data(pixels, draw.integers(0, 2, count))


def bare_fit(data: Data, epochs: int) -> None:
    """What a script does: augmentation, network, ``fit``."""
    options = ScanOptions()
    network = build(ScanArchitecture("evidence", SIDE, 1, 1))
    learner = training._learner(network, 1, options, 0)
    learner.compile(keras.optimizers.AdamW(2e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    labels = data.labels[:, None].astype(np.float32)
    size = options.batch(len(labels))
    learner.fit(data.scans, labels, batch_size=size, epochs=epochs, verbose=0)


def our_fit(data: Data, held_back: Data, epochs: int) -> None:
    """The loop of the product, with its scores and its averaged weights."""
    options = ScanOptions(epochs=epochs, members=1)
    plan = training.Plan(options, time.monotonic() + 3600, continues=False, precision="float32")
    training._trained(bag_of(data), (data, held_back), plan, Silent())


def write_series(folder: Path, slices: int, compressed: bool) -> None:
    """A CT series of 512 x 512 pixels; every slice has its own noise."""
    folder.mkdir()
    draw = np.random.default_rng([0, 0])
    patient = chest_ct._patient(draw, ill=True)
    small, _ = chest_ct._slice(patient, 0.0, draw)
    large = zoom(small.astype(float), 4, order=1)
    for number in range(slices):
        dataset = chest_ct._dataset(patient, small, (0, 0, number))
        dataset.decompress(generate_instance_uid=False)
        pixels = np.clip(large + draw.normal(0, 15, large.shape), -1024, 3071)
        dataset.Rows = dataset.Columns = large.shape[0]
        dataset.PixelData = (pixels + 1024).astype("<u2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.ImagePositionPatient = [0.0, 0.0, float(number)]
        if compressed:
            dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        (folder / f"{number:04d}.dcm").write_bytes(as_file(dataset))


def plain_loop(folder: Path) -> NDArray[np.float64]:
    """What a script does to read a series in Hounsfield units."""
    found = [pydicom.dcmread(path) for path in folder.iterdir()]
    found.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    return np.stack(
        [one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in found]
    )


def reading(slices: int) -> None:
    """Seconds for a plain and for a compressed series."""
    with tempfile.TemporaryDirectory() as place:
        for name, compressed, count in (
            ("uncompressed", False, slices), ("JPEG 2000", True, slices // 5)
        ):  # fmt: skip
            folder = Path(place) / name
            write_series(folder, count, compressed)
            theirs, ours = seconds(
                partial(plain_loop, folder), partial(read_scans, folder, key=b"k")
            )
            print(f"reading {count} slices, {name}: ours {ours:.2f} s, pydicom {theirs:.2f} s, "
                  f"{theirs / ours:.2f} times as fast")  # fmt: skip


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--scans", type=int, default=4700)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    data, held_back = noise(given.scans), noise(given.scans // 9)
    seen = given.scans * given.epochs
    theirs, ours = seconds(
        partial(bare_fit, data, given.epochs), partial(our_fit, data, held_back, given.epochs)
    )
    theirs, ours = seen / theirs, seen / ours
    print(f"training: ours {ours:,.0f} scans/s, model.fit {theirs:,.0f}; {ours / theirs:.2f}")
    ensemble = bag_of(data)
    network = ensemble.networks[0]
    network.predict(data.scans[:128], verbose=0, batch_size=128)
    theirs, ours = seconds(
        lambda: network.predict(data.scans, verbose=0),
        lambda: replace(ensemble).mean_log_probabilities(data.scans),
    )
    theirs, ours = given.scans / theirs, given.scans / ours
    print(f"prediction: ours {ours:,.0f} scans/s, model.predict {theirs:,.0f}; {ours / theirs:.2f}")
    reading(given.slices)


if __name__ == "__main__":
    main()
