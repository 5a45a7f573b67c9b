"""The contracts of plug-ins, for the tests of who writes one: the same that ours are held to.

>>> from wfa.aggregation import Mean  # or a technique of your own
>>> from wfa.testing import check_aggregation
>>> def test_mean() -> None:
...     check_aggregation(Mean)
>>> test_mean()
"""

from wfa.testing.aggregation_contract import check_aggregation
from wfa.testing.contract import ContractError, check_plugin
from wfa.testing.dataset_contract import check_dataset
from wfa.testing.encoder_contract import check_encoder
from wfa.testing.loss_contract import check_loss

__all__ = [
    "ContractError",
    "check_aggregation",
    "check_dataset",
    "check_encoder",
    "check_loss",
    "check_plugin",
]
