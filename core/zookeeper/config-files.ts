/**
 * The configuration files of one server, as text: zoo.cfg, myid, java.env, log4j.properties, and a systemd unit
 * where asked for. Pure, so that the preview shows exactly what will lie on the disk.
 *
 * Hardening that the published procedure leaves out: the admin server (unauthenticated, 0.0.0.0:8080 by default) is
 * off, only reading four-letter words are allowed, connections per client are finite, snapshots are purged, JMX is
 * off, and an empty server may not found an ensemble of its own during a migration.
 */
import type { EnsembleDesired } from "./desired";
import { addressOf, homeOf, namesOf, serverIds } from "./desired";

export interface ConfigFile {
  readonly path: string;
  readonly content: string;
  readonly mode: string;
  readonly owner: string;
}

/**
 * @param name short name of the server
 * @param javaMajor of the Java found on the host: 8, 11, 17 …; the flags for GC logs changed in 9
 */
export function configFiles(desired: EnsembleDesired, name: string, javaMajor: number): ConfigFile[] {
  const conf = `${homeOf(desired)}/conf`;
  const owner = `${desired.runAs}:`;
  const readable = { mode: "0644", owner };
  const files: ConfigFile[] = [
    { path: `${conf}/zoo.cfg`, content: zooCfg(desired), ...readable },
    { path: `${conf}/java.env`, content: javaEnv(desired, javaMajor), ...readable },
    { path: `${conf}/log4j.properties`, content: log4jProperties(desired), ...readable },
    { path: `${desired.dataDir}/myid`, content: `${serverIds(desired).get(name)}\n`, mode: "0640", owner },
  ];
  if (desired.service === "systemd") {
    files.push({ path: UNIT_PATH, content: systemdUnit(desired), mode: "0644", owner: "root:root" });
  }
  return files;
}

export const UNIT_PATH = "/etc/systemd/system/zookeeper.service";

/** What the user may override through `zooCfg`; the rest of zoo.cfg follows from the other arguments. */
const HARDENING: Readonly<Record<string, string>> = {
  "admin.enableServer": "false",
  "4lw.commands.whitelist": "srvr,mntr,ruok,isro,conf,hash,cons",
  maxClientCnxns: "300",
  "autopurge.snapRetainCount": "5",
  "autopurge.purgeInterval": "24",
};

function zooCfg(desired: EnsembleDesired): string {
  const entries: Record<string, string> = {
    tickTime: String(desired.tickTime),
    initLimit: String(desired.initLimit),
    syncLimit: String(desired.syncLimit),
    clientPort: String(desired.clientPort),
    dataDir: desired.dataDir,
    dataLogDir: desired.dataLogDir,
    ...HARDENING,
    ...metricsEntries(desired),
    ...desired.zooCfg,
  };
  const ids = serverIds(desired);
  for (const name of namesOf(desired.hosts)) {
    const address = addressOf(desired.hosts, name);
    const bracketed = address.includes(":") ? `[${address}]` : address;
    entries[`server.${ids.get(name)}`] = `${bracketed}:${desired.peerPort}:${desired.electionPort}`;
  }
  return lines(Object.entries(entries).map(([key, value]) => `${key}=${value}`));
}

function metricsEntries(desired: EnsembleDesired): Record<string, string> {
  if (desired.metrics === false) return {};
  return {
    "metricsProvider.className": "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider",
    "metricsProvider.httpPort": String(desired.metrics.port),
    "metricsProvider.exportJvmInfo": String(desired.metrics.exportJvmInfo),
  };
}

/** Sourced by zkEnv.sh; exported, since zkServer.sh hands it to the JVM through the environment. */
function javaEnv(desired: EnsembleDesired, javaMajor: number): string {
  const flags = [
    `-Xms${desired.jvm.initialHeap}`,
    `-Xmx${desired.jvm.maxHeap}`,
    ...gcLogFlags(`${desired.logDir}/gc.log`, javaMajor),
    SHORT_WAIT_FOR_EPOCH,
    // Of a flag that is given twice, the JVM takes the last.
    ...desired.jvm.flags,
  ];
  return lines([
    `export ZOO_LOG_DIR=${shellWord(desired.logDir)}`,
    `export ZOO_LOG4J_PROP=${shellWord(`${desired.log4j.level},ROLLINGFILE`)}`,
    "export JMXDISABLE=true",
    `export SERVER_JVMFLAGS=${shellWord(flags.join(" "))}`,
  ]);
}

/**
 * Of servers that start together, one may follow another than it voted for; whom it voted for then waits for it, without
 * a limit of its own for initLimit × tickTime: 20 s by default, and all of it write pause (ZOOKEEPER-3109, from 3.6 on;
 * older servers ignore it).
 */
const SHORT_WAIT_FOR_EPOCH = "-Dzookeeper.leader.maxTimeToWaitForEpoch=2000";

/** The procedure's flags are those of Java 8; a JDK 9 or newer does not start with them (JEP 158, JEP 271). */
function gcLogFlags(path: string, javaMajor: number): string[] {
  if (javaMajor >= 9) return [`-Xlog:gc*:file=${path}:time,uptime:filecount=5,filesize=20M`];
  return [
    "-XX:+PrintGCDetails",
    "-XX:+PrintGCDateStamps",
    `-Xloggc:${path}`,
    "-XX:+UseGCLogFileRotation",
    "-XX:NumberOfGCLogFiles=5",
    "-XX:GCLogFileSize=20M",
  ];
}

function log4jProperties(desired: EnsembleDesired): string {
  const { level, maxFileSize, maxBackupIndex } = desired.log4j;
  return lines([
    `zookeeper.root.logger=${level}, ROLLINGFILE`,
    `zookeeper.log.dir=${desired.logDir}`,
    "log4j.rootLogger=${zookeeper.root.logger}",
    "log4j.appender.ROLLINGFILE=org.apache.log4j.RollingFileAppender",
    `log4j.appender.ROLLINGFILE.Threshold=${level}`,
    // By name, and not ${zookeeper.log.file}: zkServer.sh sets that to one made of user and host name.
    "log4j.appender.ROLLINGFILE.File=${zookeeper.log.dir}/zookeeper.log",
    `log4j.appender.ROLLINGFILE.MaxFileSize=${maxFileSize}`,
    `log4j.appender.ROLLINGFILE.MaxBackupIndex=${maxBackupIndex}`,
    "log4j.appender.ROLLINGFILE.layout=org.apache.log4j.PatternLayout",
    "log4j.appender.ROLLINGFILE.layout.ConversionPattern=%d{ISO8601} [myid:%X{myid}] - %-5p [%t:%C{1}@%L] - %m%n",
  ]);
}

function systemdUnit(desired: EnsembleDesired): string {
  const home = homeOf(desired);
  return lines([
    "[Unit]",
    "Description=Apache ZooKeeper",
    "After=network-online.target",
    "Wants=network-online.target",
    "",
    "[Service]",
    `User=${desired.runAs}`,
    `ExecStart=${home}/bin/zkServer.sh start-foreground`,
    "SuccessExitStatus=143",
    "Restart=on-failure",
    "LimitNOFILE=65536",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ]);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
