"""Picture files to pixels, through Pillow.

A picture's size is read from its header and judged before its pixels are decoded.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from ..errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import PIL.Image
    from numpy.typing import NDArray

    from .files import Limits, MediaFile

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_KEPT_AS_IS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_REMEDY = "save it as PNG, JPEG, WebP, GIF or TIFF"
_ORIENTATION = 0x0112


def decode_image(file: MediaFile, limits: Limits) -> tuple[bytes, str, tuple[int, int]]:
    """A picture to keep: encoded bytes, MIME type, (width, height).

    The file's own bytes are kept where they are upright, still, opaque, 8-bit and small enough already.

    Raises:
        MediaError: It is no picture, broken, or too large.
    """
    with _decoding(file):
        opened = _opened(file, limits)
        # Asked for before decoding, which may shrink a JPEG.
        plain = _is_plain(opened) and max(opened.size) <= limits.image_side
        kind = "JPEG" if opened.format == "MPO" else opened.format or ""
        picture = _decoded(opened, limits.image_side)
    if plain and opened.format in _KEPT_AS_IS:
        file.stream.seek(0)
        return file.stream.read(), _KEPT_AS_IS[opened.format], picture.size
    picture.thumbnail((limits.image_side, limits.image_side))
    encoded = io.BytesIO()
    if kind == "JPEG":
        picture.save(encoded, "JPEG", quality=92)
        return encoded.getvalue(), "image/jpeg", picture.size
    picture.save(encoded, "PNG")
    return encoded.getvalue(), "image/png", picture.size


def upright_pixels(file: MediaFile, limits: Limits) -> NDArray[np.uint8]:
    """A picture's pixels at full size: shape (height, width, 3), RGB, upright.

    Raises:
        MediaError: As for `decode_image`.
    """
    import numpy as np

    with _decoding(file):
        return np.array(_decoded(_opened(file, limits)).convert("RGB"))


@contextmanager
def _decoding(file: MediaFile) -> Iterator[None]:
    try:
        yield
    except MediaError:
        raise
    # Pillow raises whatever a damaged file makes it trip over: OSError, SyntaxError, zlib.error, EOFError …
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise file.broken(f"is a damaged picture: {reason}", "save it again from its source") from None


def _opened(file: MediaFile, limits: Limits) -> PIL.Image.Image:
    """The header's contents: format, size, mode; no pixels."""
    from PIL import Image

    file.check_size(limits.image_bytes)
    file.stream.seek(0)
    # Not Image.open: it judges the size by a global limit, with a warning that goes to every thread.
    Image.init()
    prefix = file.stream.read(16)
    picture = next(
        (factory(file.stream, "") for factory in _readers(prefix) if not file.stream.seek(0)), None
    )
    if picture is None:
        raise file.broken("is no picture", _REMEDY)
    width, height = picture.size
    if width * height > limits.image_pixels:
        raise MediaError(
            f"{file.name} is too large: {width} x {height} pixels, "
            f"at most {limits.image_pixels / 1e6:g} million",
            code="media_too_large",
            remedy="scale it down",
        )
    return picture


def _readers(prefix: bytes) -> Iterator[Callable[[IO[bytes], str], PIL.Image.Image]]:
    from PIL import Image

    for name in _FORMATS:
        factory, accepts = Image.OPEN.get(name, (None, None))
        # A format that this Pillow lacks answers with a sentence instead of True.
        if factory and accepts and accepts(prefix) is True:
            yield factory


def _is_plain(picture: PIL.Image.Image) -> bool:
    return (
        picture.mode in {"1", "L", "P", "RGB"}
        and getattr(picture, "n_frames", 1) == 1
        and "transparency" not in picture.info
        and picture.getexif().get(_ORIENTATION, 1) == 1
    )


def _decoded(opened: PIL.Image.Image, side: int = 0) -> PIL.Image.Image:
    """The first frame, upright, as `L` or `RGB`; a JPEG at no more than needed for `side`."""
    from PIL import ImageOps

    if side:
        opened.draft(None, (side, side))
    opened.load()
    return _opaque(ImageOps.exif_transpose(opened))


def _opaque(picture: PIL.Image.Image) -> PIL.Image.Image:
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        return _eight_bit(picture)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return picture if picture.mode in {"L", "RGB"} else picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bit(picture: PIL.Image.Image) -> PIL.Image.Image:
    """From 16-bit grey by its scale; from 32-bit or floating point, which have none, by its own range."""
    import numpy as np
    from PIL import Image

    values: NDArray[Any] = np.nan_to_num(np.asarray(picture).astype(np.float64))
    low, high = 0.0, 65535.0
    if not picture.mode.startswith("I;16") and (
        values.min() < low or values.max() > high or values.max() <= 1
    ):
        low, high = float(values.min()), float(values.max())
    scaled = (values - low) / ((high - low) or 1.0) * 255
    return Image.fromarray(scaled.round().astype(np.uint8))
