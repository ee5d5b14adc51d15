"""Language and omni models, an engine a file; `base.py` is the seam that all of them share."""
