#!/usr/bin/env bash
# Streams a RecordIO file of 30,000 records of 100 kB from a server on loopback (nginx, which serves ranges and tags as S3 does and ignores signatures) beside
# curl, which fetches parts of 8 MiB over as many connections. Needs `swift build -c release --product sightline-recordio` first.
#
#     Benchmarks/s3/run.sh [rounds]
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || Scripts/setup-system.sh nginx-light
rounds=${1:-7}
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir "$folder/bucket"
chmod -R a+rX "$folder"
port=$((20000 + RANDOM % 20000))
cat > "$folder/nginx.conf" <<CONF
pid $folder/nginx.pid; error_log $folder/error.log; worker_processes 2; user root;
events { worker_connections 256; }
http { access_log off; sendfile on; keepalive_requests 100000; client_body_temp_path $folder/b; proxy_temp_path $folder/p;
  fastcgi_temp_path $folder/f; uwsgi_temp_path $folder/u; scgi_temp_path $folder/s; default_type application/octet-stream;
  server { listen 127.0.0.1:$port; root $folder; } }
CONF
head -c 1000000000 /dev/urandom > "$folder/payload"
split -a 4 -b 100000 "$folder/payload" "$folder/part-"
.build/release/sightline-recordio wrap "$folder/bucket/big.rec" "$folder"/part-* "$folder"/part-* "$folder"/part-*
find "$folder" -name "part-*" -delete; rm "$folder/payload"
PATH=$PATH:/usr/sbin nginx -c "$folder/nginx.conf"
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=us-east-1
size=$(stat -c %s "$folder/bucket/big.rec")
part=8388608
ranges() { for ((start = 0; start < size; start += part)); do echo "$start-$((start + part - 1 < size - 1 ? start + part - 1 : size - 1))"; done; }
# One curl with eight connections that are kept, as the program has them.
ranges | while read -r range; do printf 'next\nurl = "http://127.0.0.1:%s/bucket/big.rec"\nrange = "%s"\noutput = "/dev/null"\nsilent\n' "$port" "$range"; done |
    sed 1d > "$folder/curl.conf"
now() { date +%s.%N; }
for ((round = 0; round <= rounds; round++)); do
    begin=$(now); curl --parallel --parallel-max 8 --config "$folder/curl.conf" 2>/dev/null; end=$(now)
    [ "$round" = 0 ] || echo "curl $(echo "$end - $begin" | bc)"
    begin=$(now); .build/release/sightline-recordio count s3://bucket/big.rec >/dev/null; end=$(now)
    [ "$round" = 0 ] || echo "sightline $(echo "$end - $begin" | bc)"
done | python3 -c "
import statistics, sys
times = {}
for line in sys.stdin:
    name, value = line.split()
    times.setdefault(name, []).append(float(value))
median = {name: statistics.median(values) for name, values in times.items()}
for name, value in median.items():
    print(f'{name:10} {value:6.3f} s  {$size / value / 1e9:5.2f} GB/s  (medians of $rounds)')
print(f\"sightline / curl  {median['curl'] / median['sightline']:.2f} of its throughput\")
"
