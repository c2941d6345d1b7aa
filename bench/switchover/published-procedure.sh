#!/bin/bash
# The published switchover of a ZooKeeper ensemble under ClickHouse, as the commands that a person gives for it:
# stop the writers, find the leader, stop the new ensemble, wipe it, scp the newest snapshot and log of the old leader
# to one new server after the other, start, look, edit metrika.xml, restart ClickHouse, resume. Its roll back is the
# same with the ensembles changed.
#
# It waits for nothing but what its own commands wait for (zkServer.sh sleeps a second in start and stop) and, between
# start and edit, until the ensemble shows one leader and its followers, as the procedure asks. Writers are resumed at
# once after the restarts: whatever ClickHouse still needs is then in the pause that the writers see.
#
# One thing differs: the state of a server is asked by `srvr` and not by `zkServer.sh status`, which is quicker.
#
# Environment: KEY (private key), FROM and TO and CLICKHOUSE (addresses, space-separated), DATA and LOG (folders),
# TO_START, TO_STOP, TO_OWNER, PORT, METRIKA, RESTART.
# Prints `phase NAME SECONDS` for each part.
set -eu
eval "$(ssh-agent -s)" >/dev/null
trap 'ssh-agent -k >/dev/null' EXIT
ssh-add -q "$KEY"
QUICK="-q -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
on() { local host=$1; shift; ssh -A $QUICK "root@$host" "$*"; }

now() { date +%s.%N; }
phase() { local name=$1 began; shift; began=$(now); "$@"; echo "phase $name $(echo "$(now) $began" | awk '{ printf "%.1f", $1 - $2 }')"; }

mode() {
  on "$1" "timeout 2 bash -c 'exec 3<>/dev/tcp/$1/$PORT; printf srvr >&3; cat <&3' 2>/dev/null" | sed -n 's/^Mode: //p' || true
}
leader_of() { for host; do [ "$(mode "$host")" != leader ] || { echo "$host"; return; }; done; }

stop_writers() { on "${CLICKHOUSE%% *}" writers pause >/dev/null; }
find_leader() { LEADER=$(leader_of $FROM); [ -n "$LEADER" ]; }

stop_and_wipe() {
  local last host
  last=$(leader_of $TO)
  for host in $TO; do [ "$host" = "$last" ] || on "$host" "$TO_STOP >/dev/null 2>&1"; done
  [ -z "$last" ] || on "$last" "$TO_STOP >/dev/null 2>&1"
  for host in $TO; do on "$host" "rm -rf $DATA/version-2/* $LOG/version-2/*"; done
}

copy() {
  local host snapshot log
  snapshot=$(on "$LEADER" "ls -t $DATA/version-2/snapshot.* | head -n 1")
  log=$(on "$LEADER" "ls -t $LOG/version-2/log.* | head -n 1")
  for host in $TO; do
    on "$LEADER" "scp $QUICK $snapshot root@$host:$DATA/version-2/"
    on "$LEADER" "scp $QUICK $log root@$host:$LOG/version-2/"
    on "$host" "chown -R $TO_OWNER: $DATA/version-2 $LOG/version-2"
  done
}

start() {
  local host states deadline
  for host in $TO; do on "$host" "$TO_START >/dev/null 2>&1 </dev/null"; done
  deadline=$(($(date +%s) + 120))
  until
    states=$(for host in $TO; do mode "$host"; done | sort | uniq -c | xargs)
    [ "$states" = "$(($(echo $TO | wc -w) - 1)) follower 1 leader" ]
  do
    [ "$(date +%s)" -lt $deadline ] || { echo "the ensemble does not come up: ${states:-no answer}" >&2; exit 1; }
  done
}

edit() {
  local host at
  for host in $CLICKHOUSE; do
    set -- $TO
    for at in $FROM; do on "$host" "sed -i 's#<host>$at</host>#<host>$1</host>#' $METRIKA"; shift; done
  done
}

restart() { local host; for host in $CLICKHOUSE; do on "$host" "$RESTART >/dev/null 2>&1 </dev/null"; done; }

resume() { on "${CLICKHOUSE%% *}" writers follow "$METRIKA" >/dev/null; }

phase stop-writers stop_writers
phase find-leader find_leader
phase stop-and-wipe stop_and_wipe
phase copy copy
phase start start
phase edit edit
phase restart restart
phase resume resume
