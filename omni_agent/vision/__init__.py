"""Seeing: what a picture says, as text with boxes."""
