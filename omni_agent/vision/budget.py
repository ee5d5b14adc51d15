"""How much of a clip is looked at."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_SIDE = 1280


@dataclass(frozen=True, slots=True)
class Budget:
    """What the pictures of a clip may cost, and how unlike each other they must be.

    Attributes:
        frames: Most pictures.
        every: Least seconds from one picture to the next.
        side: Most pixels of a picture's longer side.
        pixels: Most pixels of all pictures together; 0 for any number.
        change: How far a picture must differ from the last one kept, 0 to 1; 0 takes them evenly in time,
            whatever they show.
    """

    frames: int = 16
    every: float = 0.0
    side: int = LONGEST_SIDE
    pixels: int = 0
    change: float = 0.0

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise ValueError(f"the count of frames is {self.frames}, must be at least 1")

    def scaled(self, width: int, height: int, count: int) -> tuple[int, int]:
        """Width and height that a picture of the given size is scaled to, one of `count`; never larger."""
        scale = min(1.0, self.side / max(width, height))
        if self.pixels:
            scale = min(scale, (self.pixels / max(1, count) / (width * height)) ** 0.5)
        return max(1, int(width * scale + 1e-6)), max(1, int(height * scale + 1e-6))


# A cell of the small picture that is compared counts from here on: coding noise and grain stay below it.
NOTICEABLE = 0.06
BY_CHANGE = Budget(frames=16, every=0.5, change=NOTICEABLE)
