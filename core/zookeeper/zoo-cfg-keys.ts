/**
 * Entries of zoo.cfg that belong to an argument: plans and steps go by the argument, so an entry beside it would make
 * them look for data, or for a server, where it is not.
 */

/** The argument that sets the entry, or undefined for an entry that the user may set in `zooCfg`. */
export function argumentOf(key: string): string | undefined {
  return /^server\.\d+$/.test(key) ? "hosts" : SET_BY.get(key);
}

const SET_BY: ReadonlyMap<string, string> = new Map(
  Object.entries({
    tickTime: "tickTime",
    initLimit: "initLimit",
    syncLimit: "syncLimit",
    clientPort: "clientPort",
    dataDir: "dataDir",
    dataLogDir: "dataLogDir",
    "metricsProvider.className": "metrics",
    "metricsProvider.httpPort": "metrics.port",
    "metricsProvider.exportJvmInfo": "metrics.exportJvmInfo",
  }),
);
