"""
Searching for inputs and histories that break what must always be true, instead of checking chosen ones.

Whatever a search finds becomes a small test with literals of its own, in the folder of what was wrong. Searches are the
same on every run; `WALKS=500 WALK_FROM=1000` lets the random walks of `test_walks.py` go further than the suite does.
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
