"""Answers and addresses that no vendor should give, thousands of them: `python -m tests.hostile`."""
