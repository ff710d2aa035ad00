"""Models and featurizers as bytes, by `archive`: equal models give equal bytes.

Example:
    >>> from activeloop.learn import features
    >>> from activeloop.spec import FeatureSpec
    >>> featurizer = features.make(FeatureSpec(), "text").fit([])
    >>> load_featurizer(dump_featurizer(featurizer)).fingerprint == featurizer.fingerprint
    True
"""

from __future__ import annotations

from activeloop.errors import Corrupt
from activeloop.learn import archive, features, recipes
from activeloop.learn.features import Featurizer
from activeloop.learn.types import Model


def dump(model: Model) -> bytes:
    """Write a model as bytes; `load` gives one whose predictions are identical."""
    state, arrays = model.state()
    return archive.pack({"what": "model", "recipe": model.recipe, "state": state}, arrays)


def load(data: bytes) -> Model:
    """Read a model.

    Raises:
        Corrupt: when the bytes are damaged, of a later format, or not a model.
        Invalid: when the recipe that wrote it is not installed.
    """
    manifest, arrays = archive.unpack(data, "model")
    try:
        name, state = manifest["recipe"], manifest["state"]
    except KeyError as error:
        raise Corrupt(f"The stored model lacks {error} in its manifest.") from error
    return recipes.restore(name, state, arrays)


def dump_featurizer(featurizer: Featurizer) -> bytes:
    """Write a featurizer as bytes."""
    state, arrays = featurizer.state()
    return archive.pack({"what": "featurizer", "state": state}, arrays)


def load_featurizer(data: bytes) -> Featurizer:
    """Read a featurizer; its fingerprint and rows are as before.

    Raises:
        Corrupt: when the bytes are damaged, of a later format, or not a featurizer.
    """
    manifest, arrays = archive.unpack(data, "featurizer")
    return features.restore(manifest.get("state", {}), arrays)
