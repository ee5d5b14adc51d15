"""Whom a question is about, and the facts that tell what it asks for whatever their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omni_agent.memory import AGENT, USER

from ..kin import names_for
from ..repository.search import Ids, Look
from .question import Question
from .topics import Topic

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Told:
    """The facts that tell a topic, and those that may."""

    topic: Topic
    ids: Ids
    perhaps: Ids


@dataclass(frozen=True, slots=True)
class About:
    """Whom a question is about.

    Attributes:
        subjects: As facts call them; none where that does not show.
        told: What is known of each topic.
        related: Facts about those who belong with the user and are asked about.
    """

    subjects: frozenset[str]
    told: tuple[Told, ...]
    related: frozenset[int]

    def tells(self, fact: int) -> bool:
        """Whether a fact tells something that is asked for, whatever its words."""
        return any(fact in one.ids for one in self.told)

    def concerns(self, subject: str, fact: int) -> bool:
        """Whether a fact is about them; true where nobody is asked about."""
        return not self.subjects or subject in self.subjects or fact in self.related


def about(look: Look, question: Question, named: Sequence[str]) -> About:
    """Whom the question is about and what is known of them.

    Args:
        look: Where to look.
        question: What is asked.
        named: Names of those that the question names.
    """
    relations = [topic for topic in question.topics if topic.relation]
    kin = frozenset(one for topic in relations for one in topic.predicates)
    called = (
        {name for _, name in look.names([word for one in kin for word in names_for(one)])} if kin else set()
    )
    subjects = kin | called | frozenset(named)
    if not subjects and question.speaker:
        subjects = frozenset({USER if question.speaker == "user" else AGENT})
    if not subjects or not question.topics:
        return About(subjects, (), frozenset())
    introduced = look.facts_about([USER], kin) if kin else _NONE
    related = np.union1d(introduced, look.facts_about(sorted(kin | called))) if kin else _NONE
    told = tuple(_told(look, topic, subjects, introduced, related) for topic in question.topics)
    return About(subjects, told, frozenset(related.tolist()))


def _told(look: Look, topic: Topic, subjects: frozenset[str], introduced: Ids, related: Ids) -> Told:
    if topic.relation:
        own = look.facts_about([USER], topic.predicates)
        return Told(topic, np.union1d(own, related), _NONE)
    ids = look.facts_about(sorted(subjects), topic.predicates)
    if topic.naming:
        ids = np.union1d(ids, introduced)
    perhaps = look.facts_about(sorted(subjects), topic.perhaps) if topic.perhaps else _NONE
    return Told(topic, ids, perhaps)
