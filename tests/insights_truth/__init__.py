"""Every finding against the truth of the pretend tenant: `python -m tests.insights_truth`."""
