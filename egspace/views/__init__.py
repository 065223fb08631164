"""The doors for pages: the map, the cell, what is near, the slider."""
