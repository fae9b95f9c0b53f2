#!/usr/bin/env python3
"""Copies real data sets and damages the copies in known ways, to see whether `sightline check` finds every one of them.

    damage.py SOURCE TARGET [--seed N]

SOURCE holds trashnet, camvid, bccd, cifar10 and recordio. TARGET gets a folder for each set of damages. One line a damage is printed, with
tabs between: set, damage, where the fault must be reported (a path below TARGET, perhaps with a line or record behind it), the kind of fault.
The same seed damages the same files. Needs nothing but Python's standard library.
"""

import argparse
from pathlib import Path

import classification_damages  # noqa: F401 (each registers its damages)
import detection_damages  # noqa: F401
import segmentation_damages  # noqa: F401
from copies import DAMAGES, Copy, make_copies


def main():
    parser = argparse.ArgumentParser(description="Damages copies of real data sets in known ways.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--copy-only", action="store_true", help="damage nothing")
    options = parser.parse_args()
    options.target.mkdir(parents=True)
    make_copies(options.source, options.target)
    if options.copy_only:
        return
    copies = {}
    for where, name, kind, function in DAMAGES:
        copy = copies.setdefault(where, Copy(options.target / where, options.seed))
        copy.begin(name)
        place = function(copy)
        print(where, name, Path(str(place)).relative_to(options.target), kind, sep="\t")


if __name__ == "__main__":
    main()
