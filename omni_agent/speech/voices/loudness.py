"""How loud a sound is to a listener: ITU-R BS.1770-4, without its gate.

https://www.itu.int/rec/R-REC-BS.1770
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The recommendation's two filters, at its 48 kHz: the head's shelf, and what takes away the lowest tones.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_FILTERS_RATE = 48_000
# The recommendation takes off 0.691 dB, which a tone of 1 kHz gains in the filters.
_OFFSET = 10 ** (-0.691 / 10)


def weighted_power(samples: NDArray[np.float32], rate: int) -> float:
    """The sum of the squared samples as a listener weighs them; its mean is 10 ** (LUFS / 10).

    Args:
        samples: Shape `(n,)`, mono.
        rate: Samples a second.
    """
    import numpy as np

    if not len(samples):
        return 0.0
    # The filters' response at each frequency serves as well as filtering, which numpy does not have.
    power = np.abs(np.fft.rfft(samples)) ** 2
    power[1:] *= 2
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples), 1 / rate) / _FILTERS_RATE)
    gain = np.ones(len(power))
    for over, under in (_SHELF, _HIGH_PASS):
        gain *= np.abs(np.polyval(over[::-1], z) / np.polyval(under[::-1], z)) ** 2
    return _OFFSET * float((power * gain).sum()) / len(samples)
