"""From sound to words: what is voice, when it begins and pauses, and what is said."""
