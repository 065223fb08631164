"""Where a repository really lives: fetching from it and pushing to it."""
