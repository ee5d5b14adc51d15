r"""How people ask an agent to remember, to forget, to tell and to put right what it knows, by language.

A file a language in `phrases/`. A pattern is a regular expression over the whole of what was said, where

- a space stands for any spaces and punctuation between words, `_` for the same or nothing, and `\S` for a
  letter of a word: for nothing of what is between them, else many words could be cut in too many ways,
- `<name>` for the expression of that name in `parts`,
- `{what}` for the words that it is about,
- `open` and `close` may stand before and after any of them.

| key           | fits                                                                          |
|---------------|-------------------------------------------------------------------------------|
| cue           | a part of whatever fits one of the others: a quick look before any of them    |
| remember      | "remember that …"; never a question                                           |
| ask_remember  | the same, put as a question: "can you remember that …?"                       |
| remember_last | "remember that": what was said just before                                    |
| forget, forget_all, forget_last | likewise                                                    |
| undo          | "undo that", after something was noted                                        |
| about         | "what do you know about …?", of what is in `me` or the user's                 |
| wrong         | "that's wrong, …", about what was told just before                            |
| instead       | "no, it's …", which says less surely what is wrong                            |
| yours         | words of the agent that are about the user; none where a language omits them  |
| me            | what stands for all that is known of the user                                 |

What is not surely such a request must fit none: reminders ("remember to call mum"), questions ("do you
remember my dentist?") and calling off ("forget it") are for the model and its tools.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "pt", "zh")
_UNSPACED = ("ja", "zh")
_BETWEEN = r'[\s,.;:!?¡¿"“”«»„()…–—、。，！？：；「」-]'
# A name that is called, with the comma after it.
_CALLED = r"[^\W\d_]{2,20},\s+"
_PART = re.compile(r"<([a-z_]+)>")
_GAP = re.compile(r"\[(?:\\.|[^\]])*\]|\\.|[ _]")
_EDGE = re.compile(f"^{_BETWEEN}+|{_BETWEEN}+$")
_RUN = re.compile(f"({_BETWEEN}{{3}}){_BETWEEN}+")
_MOST_BESIDE = 5


@dataclass(frozen=True, slots=True)
class Phrases:
    """The patterns of one language.

    Attributes:
        opening, closing: One more word of politeness before or after a request.
        patterns: By key.
        yours: Words of the agent that are about the user; None where they need not be.
        me: What stands for all that is known of the user.
    """

    opening: re.Pattern[str]
    closing: re.Pattern[str]
    patterns: dict[str, tuple[re.Pattern[str], ...]]
    yours: re.Pattern[str] | None
    me: re.Pattern[str]

    def fit(self, key: str, words: str) -> str | None:
        """The words that a request is about, empty where it names none; None where no pattern fits."""
        for core in self._cores(words):
            for pattern in self.patterns[key]:
                if found := pattern.fullmatch(core):
                    return _bare(found.groupdict().get("what") or "")
        return None

    def is_about_user(self, told: str) -> bool:
        """Whether words of the agent may be about the user."""
        return self.yours is None or self.yours.search(told) is not None

    def _cores(self, words: str) -> list[str]:
        """The words without more and more of what is polite around them, the barest first."""
        starts, ends = [words], [words]
        while len(starts) <= _MOST_BESIDE and (found := self.opening.match(starts[-1])):
            starts.append(starts[-1][found.end() :])
        while len(ends) <= _MOST_BESIDE and (found := self.closing.search(ends[-1])):
            ends.append(ends[-1][: found.start()])
        cuts = ((start, len(words) - len(end)) for end in reversed(ends) for start in reversed(starts))
        return [start[: len(start) - cut] for start, cut in cuts if cut < len(start)]


def plain(words: str) -> str:
    """What was said, with the apostrophe that patterns have and no long runs of punctuation."""
    return _RUN.sub(r"\1", words.replace("’", "'")).strip()


def may_be_request(words: str, language: str) -> bool:
    """Whether it is worth while to look closer: patterns take a moment to compile."""
    return _cue(language).search(words) is not None


def is_about_user(told: str) -> bool:
    """Whether words of the agent in one of the languages that do not omit it may be about the user."""
    return _yours().search(told) is not None


@cache
def _yours() -> re.Pattern[str]:
    return re.compile("|".join(word for code in LANGUAGES for word in _listed(code)["yours"]), re.IGNORECASE)


@cache
def phrases_of(language: str) -> Phrases:
    """The phrases of a language of `LANGUAGES`; the first time takes 0.1 s or so."""
    listed = _listed(language)
    parts, yours = listed["parts"], listed["yours"]
    gap, called = ("_", "") if language in _UNSPACED else (" ", f"|{_CALLED}")
    opening, closing = (_expanded(listed[key], parts) for key in ("open", "close"))
    keys = [key for key in listed if key not in {"cue", "open", "close", "parts", "yours", "me"}]
    return Phrases(
        _compiled(f"_(?:(?:{opening}){gap}{called})"),
        _compiled(f"{gap}(?:{closing})_$"),
        {key: tuple(_compiled(f"_(?:{_expanded(item, parts)})_") for item in listed[key]) for key in keys},
        _compiled("|".join(yours)) if yours else None,
        _compiled("|".join(listed["me"])),
    )


@cache
def _cue(language: str) -> re.Pattern[str]:
    return re.compile(_listed(language)["cue"], re.IGNORECASE)


@cache
def _listed(language: str) -> dict[str, Any]:
    file = Path(__file__).parent / "phrases" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _expanded(pattern: str, parts: dict[str, str]) -> str:
    while _PART.search(pattern.replace("(?P<what>", "")):
        pattern = _PART.sub(
            lambda found: found[0] if found[1] == "what" else f"(?:{parts[found[1]]})", pattern
        )
    return pattern.replace("{what}", "(?P<what>.+?)")


def _compiled(pattern: str) -> re.Pattern[str]:
    gaps = {" ": f"{_BETWEEN}+", "_": f"{_BETWEEN}*", r"\S": f"[^{_BETWEEN[1:]}"}
    return re.compile(
        _GAP.sub(lambda found: gaps.get(found[0], found[0]), pattern), re.IGNORECASE | re.DOTALL
    )


def _bare(words: str) -> str:
    """Without spaces and punctuation around; a full stop of an abbreviation within stays."""
    return _EDGE.sub("", words)
