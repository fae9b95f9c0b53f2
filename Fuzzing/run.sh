#!/usr/bin/env bash
# Fuzzes the readers: `run.sh [minutes] [target…]`, CPU minutes for each target, 30 unless told; all targets unless named.
# `run.sh replay [target…]` reads the kept corpora once, under the same bounds. Needs swift and python3; see README.md.
set -uo pipefail
cd "$(dirname "$0")"
lock=${SIGHTLINE_BUILD_LOCK:+flock $SIGHTLINE_BUILD_LOCK}
# Swift's own report of a crash would run under the address sanitizer, and trip it.
export SWIFT_BACKTRACE=enable=no
export LSAN_OPTIONS=suppressions=$PWD/leaks.txt:print_suppressions=0

build() {
    [ -n "${SIGHTLINE_FUZZ_BUILT:-}" ] && return
    # The linker's complaints about the sanitizer's hidden symbols say nothing.
    $lock swift build --package-path . --scratch-path ../.build-fuzz -c release --product sightline-fuzz 2>&1 | grep -v "Cannot export local symbol"
    [ "${PIPESTATUS[0]}" = 0 ] || exit 1
    mkdir -p work && git rev-parse --short HEAD >work/commit
}

# The settings of libFuzzer that are bounds. Memory of the reader and its CPU time are watched by the program (see Watch); the clock counts for
# little, as the machine may be busy or a run be stopped for a while.
bounds="-timeout=3600 -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1"

dictionary() {
    case $1 in
        manifest* | label-map | safetensors) echo json ;;
        recordio* | wrapped-records) echo recordio ;;
        png | mask) echo png ;;
        *) echo "$1" ;;
    esac
}

fuzz() {
    local target=$1 seconds=$2 dict status
    mkdir -p "work/$target" "corpus/$target" findings
    [ -f "dictionaries/$(dictionary "$target").dict" ] && dict="-dict=dictionaries/$(dictionary "$target").dict" || dict=
    echo "$(date +%H:%M:%S) $target: $seconds seconds of CPU"
    SIGHTLINE_FUZZ_TARGET=$target SIGHTLINE_FUZZ_CPU_SECONDS=$seconds nice -n 19 work/sightline-fuzz $bounds $dict -reload=0 \
        -artifact_prefix="findings/$target-" "work/$target" "work/seeds/$target" "corpus/$target" >"work/$target.log" 2>&1 </dev/null
    status=$?
    # 72: ended by the CPU limit.
    [ $status = 72 ] || echo "$target: a finding (status $status), see Fuzzing/work/$target.log and Fuzzing/findings"
    python3 results.py add "$target" "work/$target.log" $status
    [ $status = 72 ] && keep "$target"
}

# As few files as reach every edge that was reached; the first 100 of these, or 300 kB.
keep() {
    local target=$1
    rm -rf work/merged-$target && mkdir work/merged-$target
    SIGHTLINE_FUZZ_TARGET=$target nice -n 19 work/sightline-fuzz -set_cover_merge=1 -use_counters=0 -timeout=3600 work/merged-$target "work/$target" "work/seeds/$target" \
        "corpus/$target" >"work/merge-$target.log" 2>&1 </dev/null || { echo "$target: the corpus was not minimised, see work/merge-$target.log"; return; }
    rm -rf "corpus/$target" && mkdir -p "corpus/$target"
    local total=0 count=0
    while read -r size file; do
        total=$((total + size)) count=$((count + 1))
        [ $total -le 300000 ] && [ $count -le 100 ] || break
        cp "$file" "corpus/$target/$(sha1sum "$file" | cut -c1-16)"
    # They are written in the order of what each adds.
    done < <(find work/merged-$target -type f -printf '%T@ %s %p\n' | sort -n | cut -d' ' -f2-)
}

minutes=30
case ${1:-} in
    replay) mode=replay; shift ;;
    '' | *[!0-9]*) mode=fuzz ;;
    *) mode=fuzz; minutes=$1; shift ;;
esac
build
mkdir -p work
# By a rename, for another run may be using it.
cp -f ../.build-fuzz/release/sightline-fuzz work/sightline-fuzz.$$ && mv -f work/sightline-fuzz.$$ work/sightline-fuzz
known=$(SIGHTLINE_FUZZ_TARGET=list work/sightline-fuzz -help=1 2>&1 | sed -n 's/^targets: //p')
targets=${*:-$known}
python3 seeds.py work/seeds || exit 1
failures=0
for target in $targets; do
    if [ $mode = replay ]; then
        SIGHTLINE_FUZZ_TARGET=$target work/sightline-fuzz -runs=0 $bounds "work/seeds/$target" "corpus/$target" >"work/replay.log" 2>&1 </dev/null \
            && echo "$target: $(find "corpus/$target" -type f | wc -l) files are read" || { cat work/replay.log; failures=1; }
    else
        fuzz "$target" $((minutes * 60)) || failures=1
    fi
done
exit $failures
