"""The server that `benchmarks.portal` clicks on, in a process of its own."""

import sys

import uvicorn

from portal.app import create_app
from portal.settings import PortalSettings

if __name__ == "__main__":
    url, port = sys.argv[1:]
    settings = PortalSettings(url, b"k" * 32, second_factor="optional", limits=False)
    uvicorn.run(create_app(settings), port=int(port), log_level="warning")
