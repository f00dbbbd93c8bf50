"""Values without I/O: money, periods, time, actors, refusals. Knows no Django model."""
