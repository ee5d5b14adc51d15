"""Sound over HTTP: speech made of text, and text of speech.

1. `codecs.py`: sound in the formats that clients ask for.
"""
