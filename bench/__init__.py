"""Measures the heavy work against hand-written baselines in the same run: `make bench`."""
