#!/usr/bin/env python3
"""Run folders of lengthwise as one tidy table: a row a cell and test length. Standard library only; an example to copy from.

    python3 read_results.py results/quickstart > cells.csv

    import pandas
    from read_results import rows
    table = pandas.DataFrame(rows("results/quickstart"))

Names of columns are those of cells.csv and cells.parquet, which `lengthwise report` writes with a few more (plateaus, complexities).
"""

import csv
import json
import re
import sys
from pathlib import Path


def runs(folder):
    """Folders of runs at or below a folder."""
    return sorted(path.parent for path in Path(folder).rglob("manifest.json"))


def column(path):
    """`train.learningRate` as train_learning_rate."""
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), path.replace(".", "_"))


def constants(node, path=""):
    """What an experiment says of all of its cells, by path. Lists are axes, whose values the cells have."""
    if isinstance(node, list) or path in ("name", "epsilon", "sizes"):
        return {}
    if not isinstance(node, dict):
        return {path: node}
    found = {}
    for key, child in node.items():
        found.update(constants(child, f"{path}.{key}" if path else key))
    return found


def cells(run):
    """Lines of cells.jsonl; one that was cut short, at the end, is left out."""
    text = (Path(run) / "cells.jsonl").read_text()
    return [json.loads(line) for line in text.split("\n")[:-1]]


def rows(folder):
    """The table, a dictionary a row. A loss of None was not finite."""
    table = []
    for run in runs(folder):
        manifest = json.loads((run / "manifest.json").read_text())
        for cell in cells(run):
            settings = {**constants(manifest["experiment"]), **cell["axes"]}
            for point in cell["test"]:
                table.append({
                    "experiment": manifest["name"], "run": manifest["run"], "cell": cell["cell"],
                    **{column(path): value for path, value in settings.items()},
                    "training_loss": cell["trainLoss"], "training_loss_stderr": cell["trainLossStderr"],
                    "test_length": point["length"], "test_loss": point["loss"], "test_loss_stderr": point["stderr"],
                })  # fmt: skip
    return table


if __name__ == "__main__":
    found = rows(sys.argv[1])
    names = list(dict.fromkeys(name for row in found for name in row))
    out = csv.DictWriter(sys.stdout, names)
    out.writeheader()
    out.writerows(found)
