"""Hearing and speaking: PCM, clauses, normalisation, and an engine a file."""
