"""How a claimed submission comes to its score; called by the dispatcher only."""
