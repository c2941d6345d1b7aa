#!/bin/sh
# Stand-in for Pegasus's run.sh: echo "nodes -d" | run.sh shell --cluster a:34601,b:34601.
# Changes into the folder where it (or the link to it) stands, as the real one does: relative paths
# behind -o and -f are looked for there. What it runs is made by lab/pegasus/bundle.ts.
code=$(dirname "$(readlink -f "$0")")
[ "$1" = shell ] || { echo "ERROR: this stand-in knows only: run.sh shell"; exit 1; }
cd "$(dirname "$0")" || exit 1
exec node "$code/../../../.lab/pegasus-stand-in/shell.cjs" "$@"
