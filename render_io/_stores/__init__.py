"""How `stores` reads and writes: documents of tiles, files replaced whole, sections."""
