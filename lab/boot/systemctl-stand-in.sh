#!/bin/bash
# systemctl-stand-in: NOT systemd, which no lab host runs. It knows one unit, takes User and ExecStart out of its file,
# and starts, stops and enables it; no dependencies, no restarts, no journal. What it was asked is in its log.
unit=/etc/systemd/system/$2.service enabled=/etc/systemd/system/multi-user.target.wants/$2.service pid=/run/$2.pid
get() { sed -n "s/^$1=//p" "$unit"; }
runs() { [ -s "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; }
echo "$*" >>/var/log/systemctl-stand-in.log
[ "$1" = daemon-reload ] && exit 0
[ -e "$unit" ] || { echo "Unit $2.service not found." >&2; exit 5; }
case "$1" in
  enable) mkdir -p "${enabled%/*}" && ln -sf "$unit" "$enabled" ;;
  disable) rm -f "$enabled" ;;
  start)
    runs && exit 0
    user=$(get User)
    setsid setpriv --reuid "$user" --regid "$user" --clear-groups $(get ExecStart) >/dev/null 2>&1 </dev/null &
    echo $! >"$pid"
    ;;
  stop)
    runs || exit 0
    kill "$(cat "$pid")"
    while runs; do sleep 0.05; done
    ;;
  *) echo "systemctl-stand-in: it does not know $1" >&2; exit 1 ;;
esac
