"""Reminders: a digest of what waits for one person, at the times that person chose, by mail or to a webhook."""
