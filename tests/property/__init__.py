"""
Searching for inputs and histories that break what must always be true, instead of checking chosen ones.

Whatever a search finds becomes a small test with literals of its own, in the folder of what was wrong. Searches are the
same on every run. By hand they go further than in the suite: `WALKS=500 WALK_FROM=1000 WALK_LENGTH=80` for the random walks
of `test_walks.py`, `CRASH_EVERY=1` for the points at which `test_crash_points.py` breaks off.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite",
    max_examples=100,
    deadline=None,  # nothing is timed here
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("suite")
