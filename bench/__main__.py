"""`make bench`: every benchmark of this folder, one after the other; or the named ones."""

import importlib
import pkgutil
import sys

import bench


def main() -> None:
    """Each benchmark is a module with a `main`; the others help them."""
    names = sys.argv[1:] or [
        module.name for module in pkgutil.iter_modules(bench.__path__) if module.name != "__main__"
    ]
    for name in names:
        module = importlib.import_module(f"bench.{name}")
        if hasattr(module, "main"):
            print(f"== {name}", flush=True)
            module.main([])


main()
