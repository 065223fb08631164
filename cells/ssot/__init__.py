"""The git repository that is the single source of truth: read it, parse it, write one commit to it."""
