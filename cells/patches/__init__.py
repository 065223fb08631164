"""Proposals: their life, what they would change, who decided, and how they land."""
