#!/usr/bin/env bash
# What a formatter does not see: rules of this repository.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
fail() { echo "lint: $1" >&2; status=1; }

# Nothing but sources belongs in git.
if git ls-files | grep -E '(^|/)(\.build|\.deps|\.venv|__pycache__)|Package\.resolved$' >&2; then fail "files above must not be in git"; fi
# A trap on user input is never right.
if grep -rnE 'try!|as!' --include='*.swift' Sources >&2; then fail "try! and as! trap: throw instead"; fi
# Long files hide more than one idea.
while read -r lines file; do
    [ "$file" = total ] || [ "$lines" -le 450 ] || fail "$file has $lines lines; split it (450 at most)"
done < <(git ls-files 'Sources/*.swift' 'Sources/*.cpp' 'Sources/*.c' 'Sources/*.h' | xargs wc -l)
# Shell scripts must at least parse.
for script in $(git ls-files '*.sh' .ci/run); do bash -n "$script" || fail "$script does not parse"; done
exit $status
