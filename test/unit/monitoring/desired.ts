/** Arguments of the tests: a 3.4 watched by text file, and a 3.7.1. */
import type { MonitoringDesired } from "../../../core/monitoring/desired";

export const both: MonitoringDesired = {
  old: {
    ensemble: "zk-old",
    servers: { old1: "10.77.0.11", old2: "10.77.0.12" },
    role: "serving",
    metrics: { kind: "textfile" },
  },
  new: {
    ensemble: "zk-new",
    servers: { zk1: "10.77.0.21", zk2: "fd00::22" },
    role: "idle",
    metrics: { kind: "prometheus" },
  },
  onCall: [{ name: "Ada", contact: "+44 20 7946 0000" }, { name: "Grace" }],
};
