"""Finds the commit of a checkout in its .git folder, without running git."""

from pathlib import Path


def revision_of(checkout: Path) -> str:
    """Return the hash of the commit that is checked out; empty where there is no repository."""
    folder = checkout / ".git"
    try:
        if folder.is_file():  # a worktree names its folder
            folder = Path(folder.read_text().removeprefix("gitdir:").strip())
        head = (folder / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head
        return _commit_of(folder, head.removeprefix("ref:").strip())
    except OSError:
        return ""


def _commit_of(folder: Path, name: str) -> str:
    common = folder / "commondir"
    shared = folder / common.read_text().strip() if common.exists() else folder
    for place in (folder, shared):
        if (place / name).exists():
            return (place / name).read_text().strip()
    for line in (shared / "packed-refs").read_text().splitlines():
        commit, _blank, packed = line.partition(" ")
        if packed == name:
            return commit
    return ""
