"""Reads the lines of run.sh and prints a table: the median of each measurement, what Sightline is to it, and which share of the measured ceiling
of matrix products the work is: its multiplications and additions, counted for direct convolutions, in the time it took.

    summarize.py results.jsonl

Kernels that need fewer multiplications (Winograd's minimal filtering) can be above what a direct one could reach.
"""
import json
import statistics
import sys

# Floating-point operations an image, by PyTorch's FlopCounterMode (2.11) over torchvision's networks: forward and backward where it trains.
OPERATIONS = {
    "ResNet-50 training": 24.30e9, "ResNet-50 inference": 8.178e9, "SSD300-VGG16 training": 187.9e9, "SSD300-VGG16 inference": 62.75e9,
    "DeepLabV3-ResNet-50 training, batch 4 at 240": 228.2e9, "DeepLabV3-ResNet-50 training, batch 4 at 480": 912.6e9,
    "DeepLabV3-ResNet-50 inference": 287.5e9,
}

groups = {}
for line in open(sys.argv[1]):
    entry = json.loads(line)
    groups.setdefault(entry["group"], {}).setdefault(entry["name"], []).append(entry["result"])
ceilings = {name: results[0] for name, results in groups.pop("ceiling", {}).items()}


def share(group, name, speed):
    operations = next((count for start, count in OPERATIONS.items() if group.startswith(start)), None)
    is_short = "bf16" in name or "bf16" in group
    ceiling = ceilings.get("bfloat16" if is_short else "float32")
    return f"{operations * speed / ceiling['flops_per_s']:.2f}" if operations and ceiling else ""


for name, ceiling in ceilings.items():
    print(f"Ceiling, {name}: {ceiling['flops_per_s'] / 1e9:.0f} GFLOP/s in matrix products, {ceiling['bytes_per_s'] / 1e9:.1f} GB/s in copies.")
print()
print("| work | who | img/s (median of rounds) | least … greatest | Sightline ÷ it | of the ceiling | peak memory, MB |")
print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
for group, names in groups.items():
    speed = {name: statistics.median(r["images_per_s"] for r in results) for name, results in names.items()}
    ours = next((s for name, s in speed.items() if name.startswith("Sightline")), None)
    for name, results in names.items():
        rates = [r["images_per_s"] for r in results]
        ratio = f"{ours / speed[name]:.2f}" if ours and not name.startswith("Sightline") else ""
        memory = max(r.get("peak_device_mb", r.get("peak_rss_mb", 0)) for r in results)
        print(
            f"| {group} | {name} | {speed[name]:.1f} | {min(rates):.1f} … {max(rates):.1f} | {ratio} | {share(group, name, speed[name])} | {memory} |")
