"""Number systems, one file each: how a written value becomes a number, is settled and is shown."""
