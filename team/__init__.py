"""The team: who is invited to work for a customer, and what members do with one another. Who belongs to it stands in `accounts`."""
