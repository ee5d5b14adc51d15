"""A life that is lived through with an agent: its script, its clock, and how the answers are marked."""
