"""From words to sound: the voices, when each word is said, and how clauses join."""
