"""The parts of the adapter that talk to a render service: addresses, connection arguments, tiles, stores."""
