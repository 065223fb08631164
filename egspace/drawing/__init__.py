"""The pictures: both views of the map and the timelines, as marks, figures and first pictures. Roles, never colours."""
