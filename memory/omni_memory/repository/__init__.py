"""The one place where memory is queried: each statement names the user and the persona it is for."""
