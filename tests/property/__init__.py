"""What must hold whatever happens in whatever order. `PROVE=1` asks for more examples."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("PROVE"))
