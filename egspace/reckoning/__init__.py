"""From git and rows to positions: what each cell is made of, where it stands, where it has been, what a patch would leave."""
