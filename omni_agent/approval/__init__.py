"""Approval: what a call waits for when it cannot be put right, or when it may rest on a mistake.

1. `reason.py`: why a call is asked about.
2. `question.py`: how it is read back.
3. `answer.py`: what the user's next words mean: yes, no, or something else.
4. `pending.py`: questions that wait, and what a turn makes of the user's answer to them.
5. `waiting.py`: the turns that wait with them, and how they go on.
6. `deciding.py`: what a program that shows the questions itself does with them.
"""

from .answer import Answer, answer_to
from .pending import Pending
from .question import question_found, question_of
from .reason import reason_to_ask

__all__ = ["Answer", "Pending", "answer_to", "question_found", "question_of", "reason_to_ask"]
