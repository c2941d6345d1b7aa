#!/usr/bin/env bash
# The environment of ZooKeeper's scripts, sourced by them with ZOOBINDIR set.
#
# It keeps to what the published zkEnv.sh promises: conf/ beside bin/ unless ZOOCFGDIR or --config says otherwise;
# zookeeper-env.sh, then java.env, are read from it; and -Xmx in JVMFLAGS comes after, so it wins over, the heap
# of ZK_SERVER_HEAP.

ZOOKEEPER_PREFIX="${ZOOBINDIR}/.."

if [ "x$1" = "x--config" ]; then
  ZOOCFGDIR="$2"
  shift 2
fi
ZOOCFGDIR="${ZOOCFGDIR:-${ZOOKEEPER_PREFIX}/conf}"

[ -f "${ZOOCFGDIR}/zookeeper-env.sh" ] && . "${ZOOCFGDIR}/zookeeper-env.sh"
ZOOCFG="${ZOOCFGDIR}/${ZOOCFG:-zoo.cfg}"
[ -f "${ZOOCFGDIR}/java.env" ] && . "${ZOOCFGDIR}/java.env"

ZOO_LOG_DIR="${ZOO_LOG_DIR:-${ZOOKEEPER_PREFIX}/logs}"
ZOO_LOG4J_PROP="${ZOO_LOG4J_PROP:-INFO,CONSOLE}"

if [ -n "$JAVA_HOME" ] && [ -x "$JAVA_HOME/bin/java" ]; then
  JAVA="$JAVA_HOME/bin/java"
else
  JAVA="$(command -v java || true)"
fi
if [ -z "$JAVA" ]; then
  echo "JAVA_HOME is not set and java could not be found in PATH." >&2
  exit 1
fi

CLASSPATH="${ZOOCFGDIR}${CLASSPATH:+:$CLASSPATH}"
for jar in "${ZOOKEEPER_PREFIX}"/*.jar "${ZOOKEEPER_PREFIX}"/lib/*.jar; do
  [ -f "$jar" ] && CLASSPATH="$CLASSPATH:$jar"
done

SERVER_JVMFLAGS="-Xmx${ZK_SERVER_HEAP:-1000}m -Dzookeeper.root.logger=${ZOO_LOG4J_PROP} $SERVER_JVMFLAGS"
CLIENT_JVMFLAGS="-Xmx${ZK_CLIENT_HEAP:-256}m -Dzookeeper.root.logger=${ZOO_LOG4J_PROP} $CLIENT_JVMFLAGS"
