"""Which of a model's targets a name means."""

from collections.abc import Collection

from iraqstance.annotation.errors import UsageError

__all__ = ["target_of"]


def target_of(held: Collection[str], name: str | None) -> str:
    """Return the target that a name means; without one, the only target.

    Args:
        held: The targets of the model; one of them may be an empty name, where the data named none.
        name: A name, or ``None``.

    Raises:
        UsageError: Where there are several and none is named, or none of that name.
    """
    if name is None and len(held) == 1:
        return next(iter(held))
    if name is not None and name in held:
        return name
    if tuple(held) == ("",):
        raise UsageError("the model names no target", got=str(name), remedy="Leave the target out")
    raise UsageError(
        "the model holds several targets" if name is None else "the model holds no such target",
        expected=f"one of {', '.join(held)}",
        got=name or "",
        remedy="Name one with --target",
    )
