"""Everything on one machine with one command: engines, processes, checks. No Django application.

bootstrap     the virtual environment (standard library only: it runs before there is one)
engines       PostgreSQL and Valkey from their wheels, or from the system
processes     children that log to a file, end with us, and leave nothing behind
prepare       migrations, translations, static files, demo data: whatever is not up to date
run           `make run`
check         `make test`
"""
