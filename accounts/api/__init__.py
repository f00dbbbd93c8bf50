"""
What every endpoint of the API rests on: who asks, problem details, pages, idempotent writes, the schema.

The apps' own `api` modules are built from it.
"""
