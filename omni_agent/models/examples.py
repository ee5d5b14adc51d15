"""Short conversations that show a small model what an answer looks like.

They are chat turns, the user's and the model's in turn, between its rules and the conversation. By rules
alone it says again what the user says: "My knee hurts again." They hold nothing of the user's own, which
would be told as such.
"""

from __future__ import annotations

TALK = (
    "my train was an hour late again",
    "Oh no, a whole hour! I hope you got home all right.",
    "I've finally finished that long book",
    "Well done! Was it worth the time?",
    "how far away is the moon?",
    "About 384,000 kilometres.",
)
"""Where nothing can be called: two things told, a knowledge question."""

RECALL = (
    'where do I keep the spare key?\n(What you remember: 3 May 2025: "I hung the spare key in the shed." '
    '9 June 2025: "The spare key lies under the blue pot now.")',
    "You keep it under the blue pot.",
    "who gave me that old clock?\n(What you remember: nothing about that. Say that you do not know it.)",
    "I don't know who gave it to you; you haven't told me.",
    "and what did I have to buy for it?\n"
    '(What you remember: 2 July 2025: "Remind me on Friday that the clock needs oil, will you?")',
    "You had to buy oil for the clock.",
)
"""Where an answer stands in what is recalled: the newest of two, nothing, and a thing said otherwise."""

CALLS = (
    "some tulips please, and two roses for Eva and for Tom",
    'order_flowers {"kind": "tulips"} '
    'order_flowers {"kind": "roses", "count": 2, "for": "Eva"} '
    'order_flowers {"kind": "roses", "count": 2, "for": "Tom"}',
    "<tool_response>\n12 tulips, 8 euros\n</tool_response>\n"
    "<tool_response>\n2 roses, 4 euros\n</tool_response>\n"
    "<tool_response>\n2 roses, 4 euros\n</tool_response>",
    "say The tulips are on their way for 8 euros, and two roses each for Eva and Tom, for 4 euros each.",
    "do roses need much sun?",
    "say Yes, about six hours a day.",
    "did I order any lilies?",
    'find_orders {"kind": "lilies"}',
    "<tool_response>\nnone found\n</tool_response>",
    "say No, you have no order with lilies.",
    "arrose le salon et la cuisine",
    'water_plants {"room": "salon"} water_plants {"room": "cuisine"}',
    "<tool_response>\ndone\n</tool_response>\n<tool_response>\nno plants there\n</tool_response>",
    "say Le salon est arrosé, mais il n'y a pas de plantes dans la cuisine.",
    "open the window in the hall",
    "say I can't open windows, I'm sorry.",
)
"""Where tools can be called, as if others were there: both kinds of answer, a result told, a knowledge
question, a question about the user's own things, a wish that nothing serves, and another language."""
