"""Back-test: the contract replayed over what a repository's history proposed, to see what it would have said."""
