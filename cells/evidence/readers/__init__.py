"""One small file per kind of statement; `cells.evidence.claims` runs them all."""
