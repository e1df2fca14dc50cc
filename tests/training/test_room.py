"""What others call stands in the room itself."""

import iraqstance.training
import pytest
from iraqstance.training.model_folder import load_classifier


def test_the_classifier_is_loaded_by_the_room_itself() -> None:
    assert iraqstance.training.load_classifier is load_classifier
    with pytest.raises(AttributeError, match="no attribute 'load'"):
        _ = iraqstance.training.load
