"""What runs in the workers. Functions here take paths and give results or raise ``Unreadable``."""
