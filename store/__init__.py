"""
What the apps share and is not a value: triggers, locks, races, bulk SQL, long lists and the files they become, waking workers, calls
to the outside.
"""
