"""What stops a backup or a restore."""


class BackupError(Exception):
    """One sentence for the person at the terminal: what was wrong and what to do."""
