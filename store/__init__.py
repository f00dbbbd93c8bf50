"""
What the apps share and is not a value: triggers, locks, bulk SQL, long lists and the files they become, waking workers, calls
to the outside.
"""
