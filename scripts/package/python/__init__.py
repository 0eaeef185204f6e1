"""promfold, a program for Node, as a Python package: `promfold` and `python -m promfold` start it."""
