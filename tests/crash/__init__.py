"""Kills, full disks and sleepers: what the reads survive. `python -m tests.crash` prints the figures."""
