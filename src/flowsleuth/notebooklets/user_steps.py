"""Steps that a user adds: to one notebooklet in the hand, or to a class for all that are made from then on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.notebooklets.running import check_steps
from flowsleuth.notebooklets.step import Step

if TYPE_CHECKING:
    from flowsleuth.notebooklets.run import Run


class _OnBoth:
    """A method that is told whether it was called on a class or on an instance."""

    def __init__(self, do: Callable[..., Any]) -> None:
        self._do = do
        self.__doc__ = do.__doc__

    def __get__(self, one: Any, owner: type) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            return self._do(owner, one, *args, **words)

        call.__doc__, call.__name__ = self.__doc__, self._do.__name__
        return call


class UserSteps:
    """What :class:`~flowsleuth.notebooklets.notebooklet.Notebooklet` knows of added steps."""

    _class_steps: ClassVar[tuple[Step, ...]] = ()
    _own_steps: tuple[Step, ...]
    steps: ClassVar[tuple[Step, ...]]

    def added_steps(self) -> tuple[Step, ...]:
        """Steps that were added, those of the class first."""
        return (*type(self)._class_steps, *self._own_steps)

    @_OnBoth
    def add_nb_function(cls: Any, one: Any, nb_func: Step | Callable[[Run], Any], **kwargs: Any) -> Step:  # noqa: N805
        """Add a step that runs after ours. Called on an instance it is that one's; on a class, all later ones'.

        Parameters
        ----------
        nb_func : Step or callable
            A callable takes the run and gives attributes of the result by name, or one value for the one in ``gives``.
        **kwargs
            Fields of :class:`~flowsleuth.notebooklets.step.Step`: ``gives``, ``uses``, ``option``, …

        Returns
        -------
        Step

        Raises
        ------
        OptionError
            It does not fit to the others: its name or what it gives is taken, it reads what nobody gives.
        """
        step = as_step(nb_func, **kwargs)
        there = (*cls.steps, *cls._class_steps, *(one._own_steps if one is not None else ()))
        check_steps(cls.__name__, (*there, step), cls.result_class.attributes, cls.metadata.all_options)
        if one is None:
            cls._class_steps = (*cls._class_steps, step)
        else:
            one._own_steps = (*one._own_steps, step)
        return step

    def find_step(self, nb_func: str | Step | Callable[[Run], Any], **kwargs: Any) -> Step:
        """An added step by name, or one made of what is given.

        Raises
        ------
        CatalogueError
            None of this name was added.
        """
        if not isinstance(nb_func, str):
            return as_step(nb_func, **kwargs)
        found = next((step for step in self.added_steps() if step.name == nb_func), None)
        if found is None:
            raise CatalogueError(
                "no such step was added", where=nb_func, available=[s.name for s in self.added_steps()]
            )
        return found


def as_step(nb_func: Step | Callable[[Run], Any], **kwargs: Any) -> Step:
    """A step of a callable.

    Raises
    ------
    OptionError
        It cannot be called, or a word is no field of a step.

    Examples
    --------
    >>> def seen(run): return [1, 2]
    >>> as_step(seen, gives=("seen",)).do(None)
    {'seen': [1, 2]}
    """
    if isinstance(nb_func, Step):
        return replace(nb_func, **kwargs)
    if not callable(nb_func):
        raise OptionError("neither a step nor a function", where=repr(nb_func))
    if unknown := sorted(set(kwargs) - set(inspect.signature(Step).parameters)):
        raise OptionError(f"a step has no {unknown}", where=nb_func.__name__)
    gives = kwargs.get("gives", ())
    kwargs["gives"] = (gives,) if isinstance(gives, str) else tuple(gives)
    name = kwargs.pop("name", nb_func.__name__)
    title = kwargs.pop("title", name.replace("_", " ").capitalize())

    def do(run: Run) -> Any:
        given = nb_func(run)
        is_one = len(kwargs["gives"]) == 1 and not (isinstance(given, dict) and kwargs["gives"][0] in given)
        return {kwargs["gives"][0]: given} if is_one and given is not None else given

    return Step(name, do, title, **kwargs)
