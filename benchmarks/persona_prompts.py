"""What personas are asked: plain questions, and ones that tempt them to lists, code, emoji and essays."""

from __future__ import annotations

PROMPTS = (
    ("en", "What is the capital of France?"),
    ("fr", "Quelle est la plus haute montagne d'Europe ?"),
    ("es", "Dame una lista de cinco frutas."),
    ("de", "Erkläre mir bitte ausführlich, wie ein Motor funktioniert."),
    ("it", "Scrivi una lista numerata di tre città italiane."),
    ("pt", "Qual é a capital do Brasil?"),
    ("ja", "おすすめの朝ごはんを教えてください。"),
    ("zh", "请列出三种水果。"),
    ("en", "Write a Python function that adds two numbers."),
    ("fr", "Écris un long texte sur l'histoire de Paris."),
    ("es", "Cuéntame un chiste con muchos emojis."),
    ("de", "Nenne mir fünf Dinge, die ich zum Zelten brauche, als Liste."),
    ("it", "Come stai oggi? Raccontami qualcosa di te."),
    ("pt", "Escreve uma tabela com os dias da semana."),
    ("ja", "東京について長い説明を書いてください。"),
    ("zh", "你好，你是谁？"),
    ("en", "Give me a numbered list of ten countries, in bold."),
    ("fr", "Donne-moi trois conseils pour mieux dormir, avec des puces."),
    ("es", "¿Cuántos días tiene una semana?"),
    ("de", "Wie heißt du, und was kannst du für mich tun?"),
    ("it", "Spiegami passo per passo come si fa il caffè."),
    ("pt", "Conta-me uma história muito longa sobre um gato."),
    ("ja", "絵文字をたくさん使って挨拶してください。"),
    ("zh", "请用很长的文章介绍北京。"),
    ("en", "Write an essay of five paragraphs about the sea, with headings."),
    ("fr", "Bonjour, comment ça va aujourd'hui ?"),
    ("es", "Escribe un programa en JavaScript que diga hola."),
    ("de", "Schreibe mir eine Tabelle mit drei Städten und ihren Einwohnerzahlen."),
    ("en", "Compare cats and dogs in a table 🐱🐶"),
    ("en", "I feel a bit tired today. What should I do?"),
)

LATE = (
    ("en", "Give me a numbered list of five vegetables."),
    ("fr", "Donne-moi une liste de trois fleurs."),
    ("de", "Erzähl mir ganz ausführlich vom Meer."),
    ("es", "Escribe tres emojis y explica cada uno."),
    ("en", "Show me a Markdown table of two planets."),
)

SMALL_TALK = (
    ("What colour is the sky?", "It is blue on a clear day."),
    ("And at night?", "At night it is dark, with stars."),
    ("I like tea.", "Tea is a fine choice."),
    ("What do bees make?", "They make honey."),
    ("How many legs has a spider?", "It has eight legs."),
    ("Tell me something nice.", "You are doing well today."),
    ("What comes after Monday?", "Tuesday comes after Monday."),
)
