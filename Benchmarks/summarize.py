"""Reads the lines of run.sh and prints a table: the median of each measurement and what Sightline is to it.

    summarize.py results.jsonl
"""
import json
import statistics
import sys

groups = {}
for line in open(sys.argv[1]):
    entry = json.loads(line)
    groups.setdefault(entry["group"], {}).setdefault(entry["name"], []).append(entry["result"])

print("| work | who | img/s (median of rounds) | least … greatest | Sightline ÷ it | peak memory, MB |")
print("| --- | --- | ---: | ---: | ---: | ---: |")
for group, names in groups.items():
    speed = {name: statistics.median(r["images_per_s"] for r in results) for name, results in names.items()}
    ours = next((s for name, s in speed.items() if name.startswith("Sightline")), None)
    for name, results in names.items():
        rates = [r["images_per_s"] for r in results]
        ratio = f"{ours / speed[name]:.2f}" if ours and not name.startswith("Sightline") else ""
        memory = max(r.get("peak_device_mb", r.get("peak_rss_mb", 0)) for r in results)
        print(f"| {group} | {name} | {speed[name]:.1f} | {min(rates):.1f} … {max(rates):.1f} | {ratio} | {memory} |")
