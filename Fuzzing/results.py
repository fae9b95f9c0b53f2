#!/usr/bin/env python3
"""Keeps what was fuzzed: `results.py add TARGET LOG STATUS` adds a run of libFuzzer to runs.tsv and writes RESULTS.md from all runs."""
import datetime, pathlib, re, sys

folder = pathlib.Path(__file__).resolve().parent
table = folder / "runs.tsv"
columns = ["date", "commit", "target", "cpu_seconds", "executions", "coverage", "features", "peak_rss_mb", "peak_reader_bytes", "status"]


def add(target, log, status):
    text = pathlib.Path(log).read_text(errors="replace")

    def last(pattern):
        found = re.findall(pattern, text)
        return found[-1] if found else ""

    # Of the program, which may be older than the sources by now.
    built = folder / "work/commit"
    commit = built.read_text().strip() if built.exists() else "unknown"
    row = [datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), commit, target, last(r"stat::cpu_seconds: +(\d+)") or "0",
           last(r"stat::number_of_executed_units: +(\d+)") or last(r"\n#(\d+)\t"), last(r"cov: (\d+)"), last(r"ft: (\d+)"),
           last(r"stat::peak_rss_mb: +(\d+)"), last(r"stat::peak_reader_bytes: +(\d+)"), "clean" if status == "72" else f"finding ({status})"]
    if not table.exists():
        table.write_text("\t".join(columns) + "\n")
    with table.open("a") as file:
        file.write("\t".join(row) + "\n")


def write():
    rows = [dict(zip(columns, line.split("\t"))) for line in table.read_text().splitlines()[1:]]
    targets = {}
    for row in rows:
        targets.setdefault(row["target"], []).append(row)
    number = lambda row, key: int(row[key] or 0)
    lines = ["# What was fuzzed", "",
             "Written by `results.py` from `runs.tsv`, one line for each target. CPU minutes and executions are sums over all runs; \"since a",
             "finding\" are the minutes that ran clean after the last one was fixed.", "",
             "| target | CPU min | since a finding | executions | edges | features | peak RSS MB | most that the reader held | findings |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for target, runs in targets.items():
        clean = 0
        for run in runs:
            clean = clean + number(run, "cpu_seconds") if run["status"] == "clean" else 0
        lines.append("| {} | {:.0f} | {:.0f} | {:,} | {} | {} | {} | {:,} | {} |".format(
            target, sum(number(r, "cpu_seconds") for r in runs) / 60, clean / 60, sum(number(r, "executions") for r in runs),
            max(number(r, "coverage") for r in runs), max(number(r, "features") for r in runs), max(number(r, "peak_rss_mb") for r in runs),
            max(number(r, "peak_reader_bytes") for r in runs), sum(r["status"] != "clean" for r in runs)))
    (folder / "RESULTS.md").write_text("\n".join(lines) + "\n")


if sys.argv[1:2] == ["add"]:
    add(*sys.argv[2:5])
write()
