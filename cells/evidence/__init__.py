"""Dated facts of the repository: what kind, which cell, when observed, what is wrong with them."""
