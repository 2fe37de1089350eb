"""The server that `benchmarks.portal` clicks on, in a process of its own: as `naru portal` serves."""

import sys

from flows.cli.portal import serve
from portal.settings import PortalSettings

if __name__ == "__main__":
    url, port = sys.argv[1:]
    serve(PortalSettings(url, b"k" * 32, second_factor="optional", limits=False), "127.0.0.1", int(port))
