"""`make bench`: every benchmark of this folder, one after the other; or the named ones."""

import importlib
import pkgutil
import sys

import bench


def main() -> None:
    """Each benchmark is a module with a `main`."""
    names = sys.argv[1:] or [
        module.name for module in pkgutil.iter_modules(bench.__path__) if module.name != "__main__"
    ]
    for name in names:
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main([])


main()
