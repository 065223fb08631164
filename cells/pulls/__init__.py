"""Pull requests: GitHub's side of the loop. Mirrored, landed, asked about, answered."""
