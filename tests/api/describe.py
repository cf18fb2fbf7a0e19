"""Write the committed description of the REST interface anew: python -m tests.api.describe"""

from __future__ import annotations

import json
from pathlib import Path

if __name__ == "__main__":
    from seatkeeper.cli.start import set_up

    set_up()
    from seatkeeper.api.rest import api

    text = json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), indent=1, ensure_ascii=False)
    (Path(__file__).parents[2] / "docs" / "openapi.json").write_text(text + "\n")
