"""A hundred questions and tasks whose answers can be marked by rules, and their marks.

Forty sums for a calculator, thirty questions about what was told before, thirty calls of other tools. They
are mixed so that the first so many of them hold the three kinds in the same shares.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from omni_tools.calculator import calculate
from omni_tools.units import convert_units

from omni_agent import Tool, tool

from .life.marking import Wanted, mark

Kind: TypeAlias = Literal["arithmetic", "fact", "tool"]
Calls: TypeAlias = Sequence[tuple[str, Mapping[str, Any]]]
SUMS = 40


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how its answer is marked.

    Attributes:
        kind: Of what.
        asks: Its words.
        number: That the reply must hold.
        told: What the user has told before.
        wanted: What the reply must hold of it.
        tool: The one that must be called.
        arguments: With these: a number, a pattern of the whole, or a tuple of words that must be in it.
    """

    kind: Kind
    asks: str
    number: float | None = None
    told: str = ""
    wanted: Wanted | None = None
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


@tool(effect="write")
def set_timer(minutes: float = 0, seconds: float = 0, hours: float = 0) -> str:
    """Set a timer.

    Args:
        minutes: Minutes to run.
        seconds: Seconds to run, on top of the minutes.
        hours: Hours to run, on top of the minutes.
    """
    return "The timer is set."


@tool(effect="write")
def add_note(text: str) -> str:
    """Write a note and keep it.

    Args:
        text: What to write down.
    """
    return "It is noted."


@tool(effect="read")
def get_weather(city: str) -> str:
    """Tell today's weather in a city.

    Args:
        city: Its name.
    """
    return f"It is cloudy and 14 degrees in {city}."


TOOLS: tuple[Tool, ...] = (calculate, convert_units, set_timer, add_note, get_weather)

FACTS = (
    ("My dentist is Doctor Miller.", "Who is my dentist?", ("Miller",)),
    ("My sister is called Clara.", "What is my sister's name?", ("Clara",)),
    ("I was born in Hamburg.", "Where was I born?", ("Hamburg",)),
    ("My favourite colour is orange.", "What is my favourite colour?", ("orange",)),
    ("I work as a carpenter.", "What do I do for a living?", ("/carpent(er|ry)/",)),
    ("My dog is called Biscuit.", "What is my dog's name?", ("Biscuit",)),
    ("I am allergic to strawberries.", "What am I allergic to?", ("/strawberr(y|ies)/",)),
    ("My car is a green Volvo.", "What kind of car do I drive?", ("Volvo",)),
    ("I play the cello in an orchestra.", "Which instrument do I play?", ("cello",)),
    ("My brother lives in Toronto.", "In which city does my brother live?", ("Toronto",)),
    ("My wedding was in September.", "In which month was my wedding?", ("September",)),
    ("My grandmother is called Rosemary.", "What is my grandmother's name?", ("Rosemary",)),
    ("I go swimming every Tuesday.", "On which day do I go swimming?", ("/Tuesdays?/",)),
    ("My best friend is called Oliver.", "Who is my best friend?", ("Oliver",)),
    ("My flat is on the seventh floor.", "On which floor do I live?", ("/seventh|7th|7|seven/",)),
    ("My boss is called Patricia.", "What is my boss called?", ("Patricia",)),
    ("I studied chemistry at university.", "What did I study at university?", ("chemistry",)),
    ("My cat is called Pepper.", "What is my cat called?", ("Pepper",)),
    ("My favourite food is lasagna.", "What is my favourite food?", ("/lasagn[ae]/",)),
    ("I have three children.", "How many children do I have?", ("/three|3/",)),
    ("My daughter is called Emily.", "What is my daughter's name?", ("Emily",)),
    ("My holiday this year is in Portugal.", "Where is my holiday this year?", ("Portugal",)),
    ("My neighbour is called Walter.", "What is my neighbour's name?", ("Walter",)),
    ("I drink my coffee without sugar.", "How do I drink my coffee?", ("/(without|no) sugar/", "black")),
    ("My favourite season is autumn.", "What is my favourite season?", ("/autumn|fall/",)),
    ("My train leaves at half past eight.", "When does my train leave?", ("/half past (8|eight)|8[:.]30/",)),
    ("My gym is called Iron Temple.", "What is the name of my gym?", ("Iron Temple",)),
    ("I collect old postcards.", "What do I collect?", ("/post ?cards?/",)),
    ("My bicycle is red.", "What colour is my bicycle?", ("red",)),
    ("My uncle is a pilot.", "What does my uncle do for a living?", ("pilot",)),
)  # fmt: skip

_KM, _MILES = "/k(ilo)?m(et(er|re)s?)?/", "/mi(les?)?/"
_KG, _POUNDS = "/k(ilo)?g(rams?)?|kilos?/", "/pounds?|lbs?/"
_C, _F = "/(degrees? )?c(elsius)?/", "/(degrees? )?f(ahrenheit)?/"
_CM, _INCHES = "/c(enti)?m(et(er|re)s?)?/", "/inch(es)?|in/"
_LITRES, _GALLONS = "/l|lit(er|re)s?/", "/gal(lons?)?/"
_METRES, _FEET = "/m(et(er|re)s?)?/", "/feet|foot|ft/"


def _of(value: int, unit: str, other: str) -> dict[str, Any]:
    return {"value": value, "from_unit": unit, "to_unit": other}


_TASKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Set a timer for 10 minutes.", "set_timer", {"length": 600}),
    ("Convert 26 miles to kilometers.", "convert_units", _of(26, _MILES, _KM)),
    ("Make a note that the rent is due on Friday.", "add_note", {"text": ("rent", "Friday")}),
    ("What is the weather in Lisbon today?", "get_weather", {"city": "/lisbon.*/"}),
    ("Please start a timer for 45 seconds.", "set_timer", {"length": 45}),
    ("How many pounds are 80 kilograms?", "convert_units", _of(80, _KG, _POUNDS)),
    ("Write down that the plumber comes at noon.", "add_note", {"text": ("plumber", "/noon|12/")}),
    ("Is it raining in Chicago?", "get_weather", {"city": "/chicago.*/"}),
    ("Set a timer for 2 hours.", "set_timer", {"length": 7200}),
    ("Convert 30 degrees Celsius to Fahrenheit.", "convert_units", _of(30, _C, _F)),
    ("Note that the spare key is under the flower pot.", "add_note", {"text": ("key", "/flower ?pot/")}),
    ("Tell me the weather in Vienna.", "get_weather", {"city": "/vienna.*/"}),
    ("Give me a timer of 25 minutes.", "set_timer", {"length": 1500}),
    ("What are 12 inches in centimeters?", "convert_units", _of(12, _INCHES, _CM)),
    ("Add a note that the printer needs paper.", "add_note", {"text": ("printer", "paper")}),
    ("What is the weather like in Madrid?", "get_weather", {"city": "/madrid.*/"}),
    ("Can you set a timer for 90 seconds?", "set_timer", {"length": 90}),
    ("Convert 15 gallons to liters.", "convert_units", _of(15, _GALLONS, _LITRES)),
    ("Write a note that the library closes at six.", "add_note", {"text": ("library", "/six|6/")}),
    ("How is the weather in Tokyo today?", "get_weather", {"city": "/tokyo.*/"}),
    ("Start a timer of 3 minutes, please.", "set_timer", {"length": 180}),
    ("How many feet are 50 meters?", "convert_units", _of(50, _METRES, _FEET)),
    ("Make a note that the garden needs water.", "add_note", {"text": ("garden", "water")}),
    ("What is the weather in Dublin right now?", "get_weather", {"city": "/dublin.*/"}),
    ("Set a timer for 40 minutes.", "set_timer", {"length": 2400}),
    ("Convert 70 kilometers to miles.", "convert_units", _of(70, _KM, _MILES)),
    ("Note that the meeting is moved to Monday.", "add_note", {"text": ("meeting", "Monday")}),
    ("Do I need an umbrella in London today?", "get_weather", {"city": "/london.*/"}),
    ("Set a timer for 7 minutes.", "set_timer", {"length": 420}),
    ("Tell me what 200 pounds are in kilograms.", "convert_units", _of(200, _POUNDS, _KG)),
)  # fmt: skip


def questions(limit: int = 0) -> list[Question]:
    """The first so many, of all kinds in their shares; a limit of 0 means all hundred."""
    facts = [Question("fact", asks, told=told, wanted=Wanted(must=must)) for told, asks, must in FACTS]
    tasks = [Question("tool", asks, tool=name, arguments=arguments) for asks, name, arguments in _TASKS]
    kinds = (_sums(), facts, tasks)
    placed = [((n + 0.5) / len(kind), one) for kind in kinds for n, one in enumerate(kind)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])][: limit or None]


def right(question: Question, said: str, calls: Calls) -> bool:
    """Whether it was answered."""
    if question.number is not None:
        return any(abs(number - question.number) < 1e-6 for number in numbers(said))
    if question.wanted is not None:
        return mark(said, question.wanted).answered
    return any(name == question.tool and _meant(arguments, question.arguments) for name, arguments in calls)


def numbers(text: str) -> list[float]:
    """The numbers in a text that are written in digits, with commas between thousands or without."""
    found = re.findall(r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])-?\d+(?:\.\d+)?", text)
    return [float(number.replace(",", "")) for number in found]


def _sums() -> list[Question]:
    chance, found = random.Random(100), list[Question]()
    while len(found) < SUMS:
        a, b, c = chance.randint(12, 98), chance.randint(12, 98), chance.randint(3, 19)
        sums = (
            (f"What is {a} times {c}?", a * c, (a, c)),
            (f"How much is {a * 7} plus {b * 3}?", a * 7 + b * 3, (a * 7, b * 3)),
            (f"What is {a * 10} minus {b}?", a * 10 - b, (a * 10, b)),
            (f"How much is {a * c} divided by {c}?", a, (a * c, c)),
            (f"What is {5 * (c + 1)} percent of {b * 20}?", (c + 1) * b, (5 * (c + 1), b * 20)),
        )
        asks, result, given = sums[len(found) % len(sums)]
        # A reply that only says the sum again must not hold its result.
        if result not in given and all(asks != one.asks for one in found):
            found.append(Question("arithmetic", asks, number=result))
    return found


def _meant(called: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if "length" in wanted:
        scale = {"hours": 3600, "minutes": 60, "seconds": 1}
        given = {name: called.get(name) or 0 for name in scale}
        if not all(isinstance(value, int | float) for value in given.values()):
            return False
        length = sum(given[name] * seconds for name, seconds in scale.items())
        return bool(abs(length - wanted["length"]) < 1e-6)
    return all(_is(called.get(name), value) for name, value in wanted.items())


def _is(given: Any, wanted: object) -> bool:
    """Whether an argument is what is wanted: see `Question.arguments`."""
    if isinstance(wanted, int | float):
        return isinstance(given, int | float) and bool(abs(given - wanted) < 1e-6)
    text = "" if given is None else str(given)
    if isinstance(wanted, tuple):
        return mark(text, Wanted(all=wanted)).answered
    return bool(re.fullmatch(str(wanted).strip("/"), text.strip(), re.IGNORECASE))
