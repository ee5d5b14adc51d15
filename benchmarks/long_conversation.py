"""Whether the 200th turn of one conversation is as quick as the 10th, and knows what the first ones said.

Lines of everyday talk, all different, go to the embedded model in text; the first ones hold facts. Between
the turns the agent does what its memory has left to do, as it would while a person thinks or is away. In the
end the early facts are asked for and marked by rules.

`first_text_10_s` is the median time to the first words of turns 8 to 12, `first_text_end_s` of the last
eleven, `ratio` the second to the first: at most 1.3. `prompt_tokens_max` must stay within `context_tokens`; a
turn that does not fails with `context_exceeded`, and so does the benchmark.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from omni_agent import Agent, Persona
from omni_agent.config import Settings
from omni_agent.plugins import load_model
from omni_agent.reply import Reply

from .life.marking import Wanted, mark
from .report import Arguments, arguments, median, publish

MOST_RATIO = 1.3
FACTS = (
    "Hello, I'm Katrin, and I'm a gardener at the botanical garden.",
    "I live in Freiburg with my two cats, Minka and Professor.",
    "My brother Anselm plays the trombone in a brass band.",
    "I can't eat walnuts, they make my mouth itch.",
    "In June I'm going to the Azores for three weeks.",
)
QUESTIONS = (
    ("What's my name?", Wanted(must=("Katrin",))),
    ("What are my cats called?", Wanted(all=("Minka", "Professor"))),
    ("Which instrument does my brother play?", Wanted(must=("trombone",))),
    ("What food do I have to avoid?", Wanted(must=("/walnuts?/", "nuts"))),
    ("Where am I going in June?", Wanted(must=("Azores",))),
)
LINES = (
    "What do you think of {}?",
    "Somebody at work talked about {} all morning.",
    "Tell me something short about {}.",
    "I had a dream about {} last night, it was quite odd.",
    "Why do people like {} so much?",
    "I read a long article about {} on the train.",
    "Would {} make a good present for a colleague?",
    "Yesterday I saw a programme on {}, and it was better than I had expected.",
    "How would you explain {} to a child?",
    "Honestly, I know far too little about {}.",
    "What is the nicest thing about {}?",
    "The neighbours were quarrelling about {} again, I could hear it through the wall.",
)
TOPICS = (
    "old maps",
    "thunderstorms",
    "chess",
    "wild mushrooms",
    "lighthouses",
    "street music",
    "clay pots",
    "night trains",
    "sourdough bread",
    "migrating birds",
    "board games",
    "the deep sea",
    "hot springs",
    "handwriting",
    "snow",
    "bicycles",
    "crossword puzzles",
)


def lines(turns: int) -> Iterator[str]:
    """That many lines, the facts first; a combination comes again only after 204 others."""
    talk = (f.format(t) for f, t in zip(cycle(LINES), cycle(TOPICS), strict=False))
    yield from islice((*FACTS, *islice(talk, max(0, turns - len(FACTS)))), turns)


async def talk(agent: Agent, given: Arguments) -> list[Reply]:
    """The conversation, turn by turn."""
    replies: list[Reply] = []
    for number, line in enumerate(lines(given.own.turns), 1):
        reply = await agent.ask(line, session="long", speak=False)
        replies.append(reply)
        timings, usage = reply.timings, reply.usage
        given.say(
            f"{number:4} {timings.first_text or 0:6.2f} s  {usage.cached_tokens}/{usage.prompt_tokens} cached"
            f"  {line} -> {reply.text}"
        )
        await agent.settled()
    return replies


async def early(agent: Agent, given: Arguments) -> int:
    """How many of the early facts are still known."""
    right = 0
    for question, wanted in QUESTIONS:
        reply = await agent.ask(question, session="long", speak=False)
        answered = mark(reply.text, wanted).answered
        right += answered
        given.say(f"   {'+' if answered else '-'} {question} -> {reply.text}")
        await agent.settled()
    return right


def summaries(path: Path) -> int:
    """How many summaries the file holds."""
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM summaries").fetchone()[0])


def own(parser: ArgumentParser) -> None:
    """This benchmark's own options."""
    parser.add_argument("--turns", type=int, default=200, help="length of the conversation, at least 24")


async def main() -> None:
    from omni_memory.store import SqliteMemory

    given = arguments("A long conversation: latency, context, and early facts.", Path("-"), own=own)
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        os.environ["OMNI_AGENT_HOME"] = folder
        path = Path(folder) / "memory.db"
        model = load_model("local", Settings.load())
        persona = Persona(style="warm, brief", max_words=25)
        async with Agent(name="Omni", persona=persona, model=model, memory=SqliteMemory(path)) as agent:
            await agent.prewarm()
            replies = await talk(agent, given)
            known = await early(agent, given)
        count = summaries(path)
    first = [reply.timings.first_text or 0.0 for reply in replies]
    new = [reply.usage.prompt_tokens - reply.usage.cached_tokens for reply in replies]
    tenth, end = median(first[7:12]), median(first[-11:])
    publish(
        {
            "first_text_10_s": tenth,
            "first_text_end_s": end,
            "first_text_max_s": round(max(first[7:]), 3),
            "ratio": round(end / tenth, 3),
            "ratio_limit": MOST_RATIO,
            "prompt_tokens_max": max(reply.usage.prompt_tokens for reply in replies),
            "context_tokens": model.capabilities.context_tokens,
            "new_tokens_10": median(new[7:12]),
            "new_tokens_end": median(new[-11:]),
            "summaries": count,
            "early_facts_known": [known, len(QUESTIONS)],
            "seconds": round(time.perf_counter() - started, 1),
            "n": len(replies),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
