"""Figures, printed side by side in one run on one machine; compare them as ratios."""
