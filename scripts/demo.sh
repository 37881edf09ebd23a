#!/bin/sh
# The main job on the bundled logs: ingest, score, show the suspects, say where to look next.
# Usage: demo.sh FLOWSLEUTH_PROGRAM WORKSPACE_FOLDER
set -eu
flowsleuth=$1
case=$2
here=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '\n$ %s\n' "$*"; }
run() { say "flowsleuth $*"; "$flowsleuth" "$@"; }

rm -rf "$case"
run init "$case" --home 10.0.0.0/8
run ingest "$here/demo/logs" -w "$case"
run info -w "$case"
run score -w "$case"
run suspects -w "$case" --top 12
first=$("$flowsleuth" suspects -w "$case" --top 1 --format csv | "$(dirname "$flowsleuth")/python" -c \
    'import csv, sys; print(next(csv.DictReader(sys.stdin))["flow_id"])')
run explain -w "$case" "$first"

cat <<EOF

This was day 1 of the ATT&CK evaluation of APT29, as Zeek logged it: 10.0.1.4 and 10.0.1.6 are the victims.
Where to look next:
  flowsleuth serve -w $case --open                                the queue, investigations and stories in your browser
  flowsleuth rate 1 -w $case --ip 192.168.0.5 --why implant       rate suspects; what is like them moves
  flowsleuth investigate 10.0.1.4 -w $case                        everything an address did
  flowsleuth suspects -w $case --ip 10.0.1.4                      every suspect of one address
  flowsleuth suspects -w $case --by flow --all --format csv       every scored flow, to pipe on
  flowsleuth explain -w $case FLOW_ID                             the reason, the raw line, the flows around it
  docs/tutorial.md                                                 the same with your own logs
EOF
