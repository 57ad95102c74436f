"""The Java clients' jobs without Java, one client per file; `render_io.native` runs them."""
