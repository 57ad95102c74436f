"""How `reestimate` works on one section: lists of tiles, their text, the fits, executors, the summary."""
