"""JPEG frames of DICOM files, unpacked by libjpeg-turbo (imagecodecs) as a plug-in of pydicom.

Pillow reads 8 bits alone; this reads the 12 of JPEG Extended and the 2 to 16 of JPEG Lossless too.
Colours stay as they are stored: what they are, the DICOM attributes say, and pydicom converts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from imagecodecs import jpeg8_decode
from pydicom.dataset import FileDataset
from pydicom.pixels import get_decoder
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

SYNTAXES = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
LABEL = "pmed"
DECODER_DEPENDENCIES = {syntax: ("imagecodecs",) for syntax in SYNTAXES}


def is_available(uid: str) -> bool:
    """Whether this unpacks a transfer syntax; asked by pydicom."""
    return uid in SYNTAXES


def frame(src: bytes, runner: Any) -> bytes:
    """The pixels of a frame as stored; called by pydicom.

    Args:
        src: one JPEG.
        runner: what pydicom knows of the file; told the width of the numbers that come back.

    Raises:
        ValueError: it is no JPEG, or of another size than the file says.
    """
    colours = "YCBCR" if runner.samples_per_pixel == 3 else None
    pixels = jpeg8_decode(src, colorspace=colours, outcolorspace=colours)
    expected = (runner.rows, runner.columns, *((3,) if colours else ()))
    if pixels.shape != expected:
        raise ValueError(f"Expected pixels of the shape {expected}. Received: {pixels.shape}")
    runner.set_option("bits_allocated", 8 * pixels.dtype.itemsize)
    if colours:
        runner.set_option("planar_configuration", 0)
    return np.ascontiguousarray(pixels).tobytes()


def unpacker(dataset: FileDataset) -> str:
    """Which plug-in pydicom has to use for a file; "" leaves the choice to pydicom."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax not in SYNTAXES:
        return ""
    decoder = get_decoder(syntax)
    if LABEL not in decoder.available_plugins:
        decoder.add_plugin(LABEL, (__name__, frame.__name__))
    return LABEL
