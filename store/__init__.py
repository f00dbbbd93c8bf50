"""What the apps share and is not a value: triggers, locks, bulk SQL, long lists, waking workers, calls to the outside."""
