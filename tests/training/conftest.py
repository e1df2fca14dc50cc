"""Models that tests of labelling share."""

from pathlib import Path

import pytest
from iraqstance.training.classifier import Classifier
from iraqstance.training.flat.flattening import write_flat
from iraqstance.training.flat.scorer import Scorer
from opinions import opinions, opposite_opinions


@pytest.fixture(scope="session")
def model() -> Classifier:
    """A model of stance and topics."""
    return opinions()


@pytest.fixture(scope="session")
def two_targets() -> Classifier:
    """A model of two targets, which says the opposite of one what it says of the other."""
    return opposite_opinions()


@pytest.fixture(scope="session")
def flat(model: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as a flat file."""
    path = tmp_path_factory.mktemp("flat") / "opinions.flat"
    write_flat(model, path)
    return path


@pytest.fixture(scope="session")
def scorer(flat: Path) -> Scorer:
    """The scorer of the flat model."""
    return Scorer(flat)


@pytest.fixture(scope="session")
def two_target_scorer(two_targets: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """The scorer of the model of two targets."""
    path = tmp_path_factory.mktemp("flat") / "opposite.flat"
    write_flat(two_targets, path)
    return Scorer(path)
