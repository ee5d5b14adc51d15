"""Other systems to measure beside this one, each run in a Python environment of its own.

`environment.py` makes that environment and `language_server.py` serves the language model to it; both run in
ours. The `pipecat_*.py` run in theirs: they import nothing of this project.
"""
