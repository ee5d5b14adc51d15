"""How long a silence has to be before the user's turn is taken.

Sure of the end, the agent answers after a fifth of a second; where the words must go on, it waits for more
than a second, and for a dictated number longer. In between it is learnt from this speaker: who pauses long
is given more time. This file is pure: no clock, no models; what is learnt is in the value returned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .unfinished import Hold

LONGEST_TURN = 60.0
"""Seconds of speech after which a turn is taken at once, in mid-sentence if need be."""
QUICKEST = 0.2
"""The shortest wait, in seconds, but for endless turns."""
LONGEST = 1.6
"""The longest wait where nothing is being dictated."""
LONGEST_DICTATED = 3.0
"""The longest wait while figures, letters or an address are being dictated."""

# Long pauses within a turn, in seconds: of a speaker who is not known yet, and what can be learnt.
_USUAL, _LEAST, _MOST = 0.75, 0.55, 1.1
# Shares of the way to what was seen: a longer pause than usual teaches more than a shorter one.
_LONGER, _SHORTER, _NO_PAUSE = 0.4, 0.06, 0.02
_CUT_PAUSE, _CUT_WARY, _MOST_WARY, _WARY_KEPT = 0.15, 0.15, 0.4, 0.85
# Scores between which a wait is neither the shortest nor the longest.
_UNSURE, _SURE = 0.4, 0.97
# An unsure wait outlasts the speaker's long pauses by this factor.
_OUTLAST = 1.4
# Words that must go on outweigh a voice that seems to have ended, but for this share of the wait.
_SCORE_SHARE = 0.25
_TIRED_FROM = 0.75


@dataclass(frozen=True, slots=True)
class Patience:
    """What is known of one speaker's pauses; each lesson gives a new one.

    Attributes:
        pause: A long pause of this speaker within a turn, in seconds, 0.55 to 1.1.
        wary: Seconds that a wait is longer for having cut the speaker off, 0 to 0.4; where the words hold the
            turn open, it is long enough.
    """

    pause: float = _USUAL
    wary: float = 0.0

    def wait(self, score: float, hold: Hold, seconds_spoken: float) -> float:
        """Seconds of silence after the last speech until the turn is taken.

        Never longer for a higher score, all else being equal. Between `QUICKEST` and `LONGEST`, or
        `LONGEST_DICTATED` while something is dictated; from three quarters of `LONGEST_TURN` on ever shorter,
        and 0 from `LONGEST_TURN` on.

        Args:
            score: How likely the turn is over, 0 to 1; see `end_of_turn.TurnEnd`.
            hold: What the words say; see `unfinished.held_open`.
            seconds_spoken: From the beginning of the turn to its last speech.
        """
        if seconds_spoken >= LONGEST_TURN:
            return 0.0
        doubt = 1.0 - min(max(score, 0.0), 1.0)
        if hold.dictating:
            seconds, most = LONGEST_DICTATED * (1 - _SCORE_SHARE * (1 - doubt)), LONGEST_DICTATED
        elif hold.open:
            seconds, most = LONGEST * (1 - _SCORE_SHARE * (1 - doubt)), LONGEST
        else:
            seconds, most = self._unheld(doubt, hold), LONGEST
        seconds = min(max(seconds, QUICKEST), most)
        left = (LONGEST_TURN - seconds_spoken) / (LONGEST_TURN * (1 - _TIRED_FROM))
        return max(QUICKEST, seconds * min(1.0, left))

    def paused(self, seconds: float) -> Patience:
        """Within a turn the user was silent for so long, and went on."""
        share = _LONGER if seconds > self.pause else _SHORTER
        return self._with(self.pause + share * (seconds - self.pause), self.wary)

    def cut_off(self) -> Patience:
        """The user went on just after the turn was taken."""
        return self._with(self.pause + _CUT_PAUSE, self.wary + _CUT_WARY)

    def taken(self) -> Patience:
        """A turn was taken, and the user had nothing to add."""
        return self._with(self.pause + _NO_PAUSE * (_LEAST - self.pause), self.wary * _WARY_KEPT)

    def _with(self, pause: float, wary: float) -> Patience:
        return replace(self, pause=min(max(pause, _LEAST), _MOST), wary=min(wary, _MOST_WARY))

    def _unheld(self, doubt: float, hold: Hold) -> float:
        if hold is Hold.COMPLETE:
            doubt = min(doubt, 1 - _SURE)
        share = min(max((doubt - (1 - _SURE)) / (_SURE - _UNSURE), 0.0), 1.0)
        slow = max(_OUTLAST * self.pause, QUICKEST)
        return QUICKEST + share * (slow - QUICKEST) + self.wary
