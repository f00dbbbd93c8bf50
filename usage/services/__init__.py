"""What is done with uses: taken, refused, kept in parts by month."""
