"""Words by language: its name, what covers a wait, and how it addresses people."""

from __future__ import annotations

LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "pt": "Portuguese",
    "zh": "Chinese",
}

FILLERS = {
    "de": ("Einen Moment.", "Ich schaue nach."),
    "en": ("One moment.", "Just a second."),
    "es": ("Un momento.", "Un segundo."),
    "fr": ("Un instant.", "Une seconde."),
    "hi": ("एक क्षण।",),
    "it": ("Un attimo.", "Un momento."),
    "ja": ("少々お待ちください。",),
    "pt": ("Um momento.", "Só um segundo."),
    "zh": ("请稍等。",),
}

FORMAL = {
    "de": "Sie",
    "es": "usted",
    "fr": "vous",
    "hi": "आप",
    "it": "Lei",
    "ja": "です・ます",
    "pt": "o senhor, a senhora",
    "zh": "您",
}

INFORMAL = {
    "de": "du",
    "es": "tú",
    "fr": "tu",
    "hi": "तुम",
    "it": "tu",
    "ja": "plain forms",
    "pt": "você",
    "zh": "你",
}
