"""Words by language: its name, what covers a wait, and how it addresses people."""

from __future__ import annotations

from typing import Literal, TypeAlias

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

Wait: TypeAlias = Literal["ears", "model", "tool", "voice"]

WAITS: dict[Wait, dict[str, tuple[str, ...]]] = {
    "ears": {
        "de": ("Ich bin noch dabei, das zu verstehen.",),
        "en": ("I am still working out what you said.",),
        "es": ("Todavía estoy tratando de entenderlo.",),
        "fr": ("J'essaie encore de comprendre.",),
        "hi": ("मैं अभी समझ रही हूँ।",),
        "it": ("Sto ancora cercando di capire.",),
        "ja": ("聞き取りを確認しています。",),
        "pt": ("Ainda estou a tentar perceber.",),
        "zh": ("我还在理解。",),
    },
    "model": {
        "de": ("Ich denke noch nach.", "Es dauert länger als sonst."),
        "en": ("I am still thinking.", "This takes longer than usual."),
        "es": ("Todavía estoy pensando.", "Tarda más de lo normal."),
        "fr": ("Je réfléchis encore.", "C'est plus long que d'habitude."),
        "hi": ("मैं अभी सोच रही हूँ।",),
        "it": ("Sto ancora pensando.", "Ci vuole più del solito."),
        "ja": ("まだ考えています。",),
        "pt": ("Ainda estou a pensar.", "Demora mais do que o normal."),
        "zh": ("我还在想。",),
    },
    "tool": {
        "de": ("Es läuft noch.", "Ich warte noch auf das Ergebnis."),
        "en": ("It is still running.", "I am still waiting for the result."),
        "es": ("Todavía está en marcha.", "Sigo esperando el resultado."),
        "fr": ("C'est encore en cours.", "J'attends encore le résultat."),
        "hi": ("काम अभी चल रहा है।",),
        "it": ("È ancora in corso.", "Aspetto ancora il risultato."),
        "ja": ("まだ処理しています。",),
        "pt": ("Ainda está em curso.", "Ainda espero pelo resultado."),
        "zh": ("还在处理。",),
    },
    "voice": {
        "de": ("Meine Stimme braucht gerade länger.",),
        "en": ("My voice is slow just now.",),
        "es": ("Mi voz va lenta ahora mismo.",),
        "fr": ("Ma voix est lente en ce moment.",),
        "hi": ("मेरी आवाज़ में अभी देर हो रही है।",),
        "it": ("La mia voce è lenta in questo momento.",),
        "ja": ("音声の準備に時間がかかっています。",),
        "pt": ("A minha voz está lenta neste momento.",),
        "zh": ("我的声音现在有点慢。",),
    },
}
"""What is said while nothing is heard, by what is waited for."""

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
