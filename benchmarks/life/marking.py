"""Whether an answer holds what memory should know, by rules alone.

An answer is cut into clauses. A wanted word counts where it is told as true now; a superseded word counts
against it unless its clause says that it is past or not so; another user's word counts wherever it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLAUSE = re.compile(
    r"[.!?;:]+(?=\s|$)|,\s|\s(?:but|now|and now|whereas|while|although|though|however)\s", re.IGNORECASE
)
_TITLE = re.compile(r"\b(Drs?|Mrs?|Ms|St|Prof)\.", re.IGNORECASE)
_FORMERLY = re.compile(
    r"\b(used to|formerly|former|previous(ly)?|no longer|originally|at first|in the past|back then|any ?more"
    r"|any longer|once(?! (?:a|an|every|per)\b)"
    r"|(?:before|earlier|until then)(?=\s*$|\s+(?:that|then|you|moving)\b))\b",
    re.IGNORECASE,
)
_NOT_SO = re.compile(
    r"\b(not|never|isn't|aren't|wasn't|don't|doesn't|didn't|won't|stopped|quit|gave up|given up|retired|sold"
    r"|replaced|left|old|lived|worked|owned|drank|ate|drove|rode|went)\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b((moved|moving|switched|switching|changed|changing|away) from|instead of|rather than|other than|over"
    r"|than|off|after|leaving|selling)(\s(the|a|an|your|his|her|our))?\s*$",
    re.IGNORECASE,
)
_ADMITS = re.compile(
    r"\b(don't|do not|didn't|did not|haven't|have not|hasn't|has not|can't|cannot|couldn't|never|isn't|not|no"
    r"|without)\b[^.!?]{0,60}?\b(know|known|recall|remember|told|tell|mention\w*|shar\w+|have|had|information"
    r"|sure|certain|record\w*|access|detail\w*|aware|memory|memories|note\w*|find|provide\w*|say|said)\b"
    r"|\b(unknown|unsure|no idea|unable|not (?:been )?(?:specified|given|provided|available))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer must and must not hold; each entry a word or words, or a pattern between slashes.

    Attributes:
        must: One of these.
        all: Each of these.
        never: None of these, however they are told.
        stale: None of these as something that is true now.
        unknown: The answer must say that it is not known.
        past: The question is about the past, so wanted words may be told as past.
    """

    must: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    unknown: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """The verdict on an answer.

    Attributes:
        answered: It holds what it must and nothing that it must not.
        superseded: Words that were true once, told as true now.
        crossed: Words of another user.
    """

    answered: bool
    superseded: tuple[str, ...] = ()
    crossed: tuple[str, ...] = ()


def mark(answer: str, wanted: Wanted, others: tuple[str, ...] = ()) -> Mark:
    """Judge an answer; `others` are words that only another user's memory can have given."""
    answer = _plain(answer)
    superseded = tuple(word for word in wanted.stale if told_as_true(word, answer))
    crossed = tuple(word for word in others if found(word, answer))
    clean = not superseded and not crossed and not any(found(word, answer) for word in wanted.never)
    if wanted.unknown:
        return Mark(clean and bool(_ADMITS.search(answer)), superseded, crossed)
    held = [word for word in (*wanted.must, *wanted.all) if _holds(word, answer, past=wanted.past)]
    complete = all(word in held for word in wanted.all)
    return Mark(
        clean and complete and (not wanted.must or any(word in held for word in wanted.must)),
        superseded,
        crossed,
    )


def found(word: str, text: str) -> bool:
    """Whether a word, or a pattern between slashes, stands anywhere in a text."""
    return bool(pattern(word).search(_plain(text)))


def pattern(word: str) -> re.Pattern[str]:
    """What to search for: whole words in any case, or the expression between slashes.

    Raises:
        re.error: The expression is not one.
    """
    if len(word) > 2 and word.startswith("/") and word.endswith("/"):
        return re.compile(word[1:-1], re.IGNORECASE)
    return re.compile(rf"(?<!\w){re.escape(_plain(word))}(?!\w)", re.IGNORECASE)


def told_as_true(word: str, answer: str) -> bool:
    """Whether some clause tells a superseded word without saying that it is past or not so."""
    return any(
        not (_FORMERLY.search(clause) or _NOT_SO.search(ahead) or _AWAY.search(ahead))
        for clause in clauses(answer)
        for hit in pattern(word).finditer(clause)
        for ahead in [clause[: hit.start()]]
    )


def _holds(word: str, answer: str, *, past: bool) -> bool:
    """Whether some clause tells a wanted word: not as what is over, nor as what is not known."""
    return any(
        bool(pattern(word).search(clause))
        and (past or not _former(word, clause))
        and not re.search(r"\bI('m| am)? (don't|do not|not|can't|cannot)\b", clause, re.IGNORECASE)
        for clause in clauses(answer)
    )


def _former(word: str, clause: str) -> bool:
    """Whether what `word` says is told as over. The word may itself say that something else is over."""
    hit = pattern(word).search(clause)
    return bool(hit and _FORMERLY.search(clause[: hit.start()]))


def clauses(text: str) -> list[str]:
    """A text cut where a new statement may begin."""
    return [piece for piece in _CLAUSE.split(_plain(text)) if piece and piece.strip()]


def _plain(text: str) -> str:
    """The text with simple apostrophes and spaces, and titles without their stop."""
    text = _TITLE.sub(r"\1", text)
    return text.replace("’", "'").replace("‘", "'").replace("\u202f", " ").replace("\u00a0", " ")
