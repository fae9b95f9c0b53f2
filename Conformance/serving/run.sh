#!/usr/bin/env bash
# Asks the server what users' clients ask, and what nobody should. Needs `swift build -c release --product sightline` first, and Chromium
# for the page (apt-get install chromium).
#
#     Conformance/serving/run.sh [clients] [schema] [page] [abuse] [soak]      all by default
#
# PYTHON_SERVING, where set, is a Python with boto3, sagemaker 2, schemathesis, playwright and torchvision; otherwise .venv-serving is made.
# PYTHON_TORCH makes the models in its place; PYTHON_MXNET adds MXNet's decoder. SOAK: seconds of the mixture of good and bad requests (600).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$("$here/setup.sh")
export PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    rm -rf "$work"
}
trap finish EXIT
"${PYTHON_TORCH:-$python}" "$here/make_models.py" "$work/files"

# start NAME OPTION…: a server on a free port; its address in $url.
start() {
    local name=$1
    shift
    ulimit -n "$(ulimit -H -n)"
    "$root/.build/release/sightline" serve "$@" --port 0 --log-format json 2>"$work/$name.log" &
    server=$!
    for _ in $(seq 600); do
        url=$(sed -n 's/.*"message": "listening".*"url": "\([^"]*\)".*/\1/p' "$work/$name.log")
        if [ -n "$url" ] && curl -sf "${url}ping" >/dev/null; then
            url=${url%/}
            return
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/$name.log" >&2
    exit 1
}

# The server must leave with status 0.
stop() {
    kill -TERM "$server"
    wait "$server"
    server=
}

clients() {
    start clients classes="$work/files/classes.pth" objects="$work/files/objects.pth" masks="$work/files/masks.pth"
    "$python" "$here/clients.py" "$url" "$work/files" ${PYTHON_MXNET:+--mxnet "$PYTHON_MXNET"}
    stop
}

schema() {
    # Under a token, and where models are loaded by request: all that the description speaks of.
    SIGHTLINE_TOKEN=secret start schema classes="$work/files/classes.pth" --model-root "$work/files"
    export PICTURES="$work/files" SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$here"
    test=("$(dirname "$python")/schemathesis")
    with=(run "$url/openapi.json" --url "$url" --header 'Authorization: Bearer secret' --max-examples 50)
    # First about the model that there is, then about any, some of which are loaded and unloaded.
    (cd "$work" && "${test[@]}" --config-file "$here/schemathesis-model.toml" "${with[@]}" --exclude-method DELETE)
    (cd "$work" && "${test[@]}" --config-file "$here/schemathesis.toml" "${with[@]}")
    stop
}

page() {
    start page classes="$work/files/classes.pth" objects="$work/files/objects.pth" masks="$work/files/masks.pth"
    for model in classes objects masks; do
        "$python" "$here/page.py" "$url/" "$work/files/2.jpg" "${SCREENSHOTS:-$work}/page-$model.png" $model
    done
    stop
}

abuse() {
    start abuse classes="$work/files/classes.pth" --idle-timeout 15 --body-timeout 10
    "$python" "$here/abuse.py" "$url" "$work/files/2.jpg" "$server"
    stop
}

soak() {
    start soak classes="$work/files/classes.pth"
    "$python" "$here/soak.py" "$url" "$work/files" "$server" "${SOAK:-600}"
    stop
}

for part in ${*:-clients schema page abuse soak}; do
    echo "== $part"
    "$part"
done
