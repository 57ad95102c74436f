"""What `demo` and `simulate` measure themselves against."""
