"""Sessions: rare sequences of commands, with their parameters and values, by a Markov model."""

from flowsleuth.analyze.sessions.model import SessionModel, SessionOptions
from flowsleuth.analyze.sessions.scoring import rare_sessions
from flowsleuth.analyze.sessions.sessionize import score_sessions, session_numbers, sessionize_data

__all__ = [
    "SessionModel",
    "SessionOptions",
    "rare_sessions",
    "score_sessions",
    "session_numbers",
    "sessionize_data",
]
