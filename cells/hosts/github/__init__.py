"""GitHub: where a repository really lives. `client` is the one place that talks to it."""
