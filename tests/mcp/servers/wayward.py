"""Servers that are none; the first argument says which."""

from __future__ import annotations

import sys
import time


def main() -> None:
    match sys.argv[1]:
        case "garbage":
            print("Welcome to my server!", flush=True)
            for line in sys.stdin:
                print("what?", line[:20], flush=True)
        case "mute":
            print("thinking", file=sys.stderr, flush=True)
            sys.stdin.read()
        case "deaf":
            # Not even the end of its input makes it go.
            time.sleep(600)
        case "flood" | "endless" as kind:
            while True:
                print("spam " * 20, end="\n" if kind == "flood" else "")
        case "gone":
            print("no licence", file=sys.stderr, flush=True)
            sys.exit(4)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.stderr.close()
