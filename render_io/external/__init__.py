"""What stands in for other packages."""
