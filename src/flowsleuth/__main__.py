"""``python -m flowsleuth``."""

from flowsleuth.faces.cli import main

raise SystemExit(main())
