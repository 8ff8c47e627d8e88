#!/usr/bin/env bash
# usage: tutorial.sh DIR       what docs/tutorial-updating.md does, in a copy of examples/tutorial
set -euo pipefail
cd "$1"
port=$((20000 + RANDOM % 20000))
program=
trap '[ -z "$program" ] || kill $program' EXIT

start() {
  ./kv $port &
  program=$!
  for _ in $(seq 200); do
    { exec 3<>/dev/tcp/127.0.0.1/$port; } 2>/dev/null && return
    sleep 0.05
  done
  echo "the server does not listen"
  exit 1
}
ask() { # LABEL REQUEST...: sends requests and shows as many answers
  local label=$1
  shift
  printf '%s\n' "$@" >&3
  timeout 20 head -n $# <&3 | sed "s/^/$label: /"
}

popc -o kv static/kv.pop
start
ask static 'set colour red' 'get colour'
kill $program
exec 3>&-
port=$((port + 1))

popc -dsu --dsu-version=v1 -o kv v1/kv.pop
start
ask v1 'set colour red' 'get colour'
exec 3>&- # the update point is reached when the client has gone
poppatch v1 v2 -o p12
popc -patch -o p12.pup p12
popctl check $program p12.pup
popctl update --wait=20s $program p12.pup
exec 3<>/dev/tcp/127.0.0.1/$port
ask v2 'get colour' 'set shape round' 'get shape'
exec 3>&-
poppatch v2 v3 -o p23
sed -i 's/\^New::entry(x.key, x.value, 0)/^New::entry(x.key, x.value, -1)/' p23/convert_patch.pop
popc -patch -o p23.pup p23
popctl update --rehearse --wait=20s $program p23.pup
exec 3<>/dev/tcp/127.0.0.1/$port
ask v3 'reads shape' 'get shape' 'reads shape'
