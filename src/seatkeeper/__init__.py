"""Seatkeeper: who holds a licence seat, who uses it, and how sure we are."""

__version__ = "0.1.0"
