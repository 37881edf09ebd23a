"""Steps on command lines: which are risky, what they have in common, where they come in bursts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.analyze.sessions import SessionOptions
    from flowsleuth.analyze.sigma import SigmaMatches, SigmaRules
    from flowsleuth.extract.command_lines import RuleSet


class Commanding:
    """The steps; :class:`~flowsleuth.faces.frames.accessor.Chain` has them."""

    _frame: pd.DataFrame

    def risky_commands(
        self,
        columns: str | Sequence[str] | None = None,
        *,
        rules: RuleSet | None = None,
        platform: str | None = None,
        least: str = "low",
        decode: bool = True,
    ) -> pd.DataFrame:
        """Command lines that match a rule; see :func:`flowsleuth.extract.command_lines.risky_commands`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> lines = pandas.DataFrame({"CommandLine": ["dir", "vssadmin delete shadows /all /quiet"]})
        >>> Chain(lines).risky_commands("CommandLine")[["row", "rule", "technique"]].values.tolist()
        [[1, 'backups-destroyed', 'T1490']]
        """
        from flowsleuth.extract.command_lines import risky_commands

        found: pd.DataFrame = risky_commands(
            self._frame, columns, rules=rules, platform=platform, least=least, decode=decode
        )
        return found

    def skeletons(self, column: str, *, name: str = "skeleton") -> pd.DataFrame:
        """The frame with a column more: what each command line has in common with others of its kind.

        See :func:`flowsleuth.extract.skeletons.skeletons`.

        Raises
        ------
        OptionError
            There is no such column, or one of the new name.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> lines = pandas.DataFrame({"cmd": ["ping 10.0.0.1 -n 4", "ping 10.0.0.2 -n 5"]})
        >>> Chain(lines).skeletons("cmd")["skeleton"].unique().tolist()
        ['ping <ip> -n <n>']
        """
        from flowsleuth.errors import OptionError
        from flowsleuth.extract.skeletons import skeletons
        from flowsleuth.schema.tabular import text_column

        if name in self._frame.columns:
            raise OptionError("there is a column of that name", where=name, hint="name='…'")
        return self._frame.assign(**{name: skeletons(text_column(self._frame, column)).to_pylist()})

    def bursts(
        self,
        column: str | None = None,
        *,
        time_column: str | None = None,
        by: str | Sequence[str] | None = None,
        events: int = 10,
        within_s: float = 5.0,
    ) -> pd.DataFrame:
        """Many command lines in a short time; see :func:`flowsleuth.analyze.bursts.command_bursts`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> times = pandas.to_datetime(["2024-01-01 10:00:00"] * 3)
        >>> lines = pandas.DataFrame({"time": times, "cmd": ["id", "ls", "w"]})
        >>> Chain(lines).bursts("cmd", events=3)["events"].tolist()
        [3]
        """
        from flowsleuth.analyze.bursts import command_bursts

        found: pd.DataFrame = command_bursts(
            self._frame, column, time_column=time_column, by=by, events=events, within_s=within_s
        )
        return found

    def rare_sessions(
        self,
        session: str | Sequence[str],
        command: str,
        *,
        parameters: str | None = None,
        time_column: str | None = None,
        options: SessionOptions | None = None,
    ) -> pd.DataFrame:
        """Sessions whose commands come in a rare order; see :func:`flowsleuth.analyze.sessions.rare_sessions`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> rows = [(n, op) for n in range(20) for op in ("login", "read")] + [(99, "login"), (99, "wipe")]
        >>> Chain(pandas.DataFrame(rows, columns=["s", "op"])).rare_sessions("s", "op")["reason"].iloc[0]
        'wipe after login: 1 of 21 times'
        """
        from flowsleuth.analyze.sessions import rare_sessions

        found: pd.DataFrame = rare_sessions(
            self._frame, session, command, parameters=parameters, time_column=time_column, options=options
        )
        return found

    def sigma(
        self, rules: str | Path | Iterable[str | Path] | SigmaRules, *, columns: Mapping[str, str] | None = None
    ) -> SigmaMatches:
        """Sigma rules for process starts, with what became of each; see :func:`flowsleuth.analyze.sigma.match_sigma`.

        Parameters
        ----------
        rules : path, paths or SigmaRules
        columns : mapping of str to str, optional
            Fields of Sigma → columns of the frame.
        """
        from flowsleuth.analyze.sigma import SigmaRules, load_sigma, match_sigma

        read = rules if isinstance(rules, SigmaRules) else load_sigma(rules)
        return match_sigma(self._frame, read, columns=columns)
