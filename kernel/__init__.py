"""Values without I/O: money, periods, time, actors, refusals, and how they are typed and read. Knows no Django model."""
