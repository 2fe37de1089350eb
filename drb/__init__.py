"""May it leave: case, release, grant, rights, votes, the ledger."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drb.board import Board, open_board

__all__ = ["Board", "open_board"]


def __getattr__(name: str) -> Any:
    """Load the board when it is first wanted: `drb.errors` alone must cost nothing."""
    if name in __all__:
        return getattr(import_module("drb.board"), name)
    raise AttributeError(name)
