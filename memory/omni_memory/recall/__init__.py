"""Finding again what was said and is known: `recall` is the door; the files are its steps.

`question.py` reads the words (with `lexicon.py` and `times.py`), `repository/search.py` looks them up,
`ranking.py` and `noted.py` order utterances and facts, `fusion.py` makes one list of them, `wording.py` puts
it into sentences.
"""

from .recall import recall

__all__ = ["recall"]
