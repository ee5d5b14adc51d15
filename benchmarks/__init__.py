"""Benchmarks: `python -m benchmarks.NAME [--data PATH] [--limit N] [--json]`; figures are the last line."""
