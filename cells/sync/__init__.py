"""Sync: read a commit of the SSOT into rows. Idempotent; cost grows with what changed."""
