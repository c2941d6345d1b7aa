#!/bin/bash
# Commands the lab's load, as the owners of a consumer's jobs would:
# writers pause|resume|repoint CONNECT|follow METRIKA_XML|status|stop
# `follow` resumes them with the ensemble that the file names now, as jobs do that share ClickHouse's configuration.
# Ends with 1 when the load refuses, or when there is none.
give() {
  exec 3<>/dev/tcp/@BRIDGE_ADDRESS@/7711 || exit 1
  printf '%s\n' "$*" >&3
  read -r -t 60 verdict said <&3
  exec 3>&-
  echo "${said:-no answer}"
  [ "$verdict" = ok ]
}
# HOST:PORT,… of the element <zookeeper-servers>
servers() {
  tr -d ' \t\n\r' <"$1" | sed -E 's,.*<zookeeper-servers>,,; s,</zookeeper-servers>.*,,' |
    grep -oE '<host>[^<]*</host><port>[^<]*</port>' | sed -E 's,<host>(.*)</host><port>(.*)</port>,\1:\2,' | paste -sd,
}
if [ "$1" = follow ]; then give repoint "$(servers "$2")" && give resume; else give "$@"; fi
