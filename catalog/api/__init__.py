"""Products with their prices; the keys of product teams; how configurations read."""
