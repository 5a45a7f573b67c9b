"""The contract of a plug-in by its name."""

from wfa.plugins.registry import source
from wfa.testing.aggregation_contract import check_aggregation
from wfa.testing.loss_contract import check_loss
from wfa.testing.requirement import ContractError

__all__ = ["ContractError", "check_plugin"]


def check_plugin(kind: str, name: str) -> None:
    """Hold a plug-in to the contract of its kind, as far as that needs neither data nor weights.

    Args:
        kind: A key of `wfa.plugins.registry.PACKAGES`.
        name: Its name, or the path of its file.

    Raises:
        ConfigError: There is no such plug-in, it cannot be imported, or breaks its contract.
    """
    found = source(kind, name)
    _, cls = found.classes()
    if kind == "aggregation":
        check_aggregation(cls, found.label)
    elif kind == "loss":
        check_loss(cls, found.label)
