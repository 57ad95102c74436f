"""The subcommands of `render-io`; what they need is imported when they run."""
