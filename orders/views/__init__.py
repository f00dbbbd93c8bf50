"""The pages about resources and buying: one file per group of pages."""
