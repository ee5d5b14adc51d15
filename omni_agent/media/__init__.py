"""Sounds, pictures and clips: checked, decoded, and kept by content, so that messages hold references only.

`store.py` keeps bytes, `loading.py` makes message parts of files; a format a file: `sounds.py`,
`pictures.py`, `clips.py`, on top of `files.py`, which opens what was handed in and knows the limits.
"""

from .files import Limits
from .loading import load_audio, load_image, load_video
from .store import MediaStore, write_atomically

__all__ = ["Limits", "MediaStore", "load_audio", "load_image", "load_video", "write_atomically"]
