"""`python -m omni_agent` is the command line."""

from .cli import main

main()
