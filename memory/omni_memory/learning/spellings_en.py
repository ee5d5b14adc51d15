"""English written out before it is read: "I'm" is "I am", "Mum" is "my mum"."""

from __future__ import annotations

import re

from .english import AGES, KINS, NAME

# A sentence may begin with what somebody did, "I" left out: "Sold the piano last month."
_SUBJECTLESS = (
    r"(?:just |finally |only )*(?:sold|quit|moved|started|left|bought|passed|finished|retired|booked|"
    r"signed up|switched|given up|gave up|adopted|broke|lost)"
)

EXPAND = tuple(
    (re.compile(pattern, re.IGNORECASE), spelled)
    for pattern, spelled in (
        (rf"^(?=(?:{_SUBJECTLESS})\b)", "I "),
        (
            r"(?:(?<=^)|(?<=[,;] )|(?<=\band ))(?=(?:mum|mom|dad|gran|nan|grandma|grandpa|mummy|daddy)"
            r"(?:'s)? (?:is|was|has|had|lives?|lived|works|died|passed|likes|loves|hates|goes|comes|got|"
            r"turned|turns|will|always|never|a|an|in|from|on|allergic|called)\b)",
            "my ",
        ),
        (
            rf"(?<!\w)((?:my|our)\s+(?:{AGES}[ -])?(?:{KINS})\b(?:,?\s+{NAME})?),?\s+who(?=(?:'s)?\s)",
            r"\1, she",
        ),
        (r"\b(i)(?:'m|’m)(?!\w)|\bim\b", "I am"),
        (r"\bi'?ve\b", "I have"),
        (r"\bi'd\b", "I would"),
        (r"\bi'?ll\b(?= \w)", "I will"),
        (r"\b(we|they|you)'re\b", r"\1 are"),
        (r"\b(we|they|you)'ve\b", r"\1 have"),
        (r"\b(he|she|it|there|who)'s (?=been|got|had|moved|become|started)", r"\1 has "),
        (r"\b(he|she|it|that|there|here|who)'s\b", r"\1 is"),
        (
            r"(?<=\w)'s (?=(?:an?|called|named|allergic|from|on|in|at|the|not|fine|better|expecting|"
            r"pregnant|visiting|coming|\d+)\b)",
            " is ",
        ),
        (r"(?<=\w)'s (?=(?:been|just)\b)", " has "),
        (
            r"(?<=\w)'s (?=(?:my|our|getting|moving|coming|starting|having|going|playing|working|living|"
            r"leaving|studying|learning|turning|retiring|training|doing|teaching|flying|staying|running)\b)",
            " is ",
        ),
        (r"\bdon'?t\b", "do not"),
        (r"\bdoesn'?t\b", "does not"),
        (r"\bdidn'?t\b", "did not"),
        (r"\b(is|are|was|were|have|has|had)n'?t\b", r"\1 not"),
        (r"\b(?:can'?t|cannot)\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"\b(have|has) got\b(?= (?:a|an|the|two|three|four|five|one|no|\d))", r"\1"),
        (r"\b(name|names)'s\b", r"\1 is"),
        (r"\bfavorite\b", "favourite"),
        (r"\bany more\b", "anymore"),
    )
)
