"""Evidence for a question: expanded search, in, out and two way, timeline, chord, details; the Dossier."""
