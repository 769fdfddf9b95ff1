"""Comparisons of Dostyq with other live captioners: what `scripts/bench` runs."""
