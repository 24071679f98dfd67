"""Runs a notebook from its first cell to its last and prints what the cells show, by kind: python run_notebook.py NOTEBOOK."""

import json
import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(notebook)
if any(cell.get("outputs") for cell in notebook.cells):
    sys.exit("The notebook is kept without outputs: clear them.")
NotebookClient(notebook, timeout=120).execute()
shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
print(json.dumps({"pictures": sum("image/png" in output.get("data", {}) for output in shown), "shown": len(shown)}))
