"""What customers can read about the portal: texts in `docs/help/`, figures from the pricing function."""
