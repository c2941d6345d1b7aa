/** Plans the removal of an ensemble: followers first, the leader last, then what was installed. Pure. */
import type { Plan, Stage } from "../../engine/step";
import { UNIT_PATH } from "../config-files";
import type { EnsembleDesired } from "../desired";
import { foldersInHome, homeOf } from "../desired";
import type { EnsembleFacts } from "../observe";
import { stopStep } from "../service-steps";
import { sayServers, type Side } from "../side";

export function planRemoval(desired: EnsembleDesired, side: Side, facts: EnsembleFacts): Plan {
  const isLeader = (name: string) => facts.leader?.name === name;
  const stops = (leader: boolean): Stage => ({
    phase: "clean up",
    steps: side.servers
      .filter(({ name }) => isLeader(name) === leader)
      .map((server) => stopStep(side, server, leader ? "stop (leader)" : "stop")),
  });
  // Ensembles of 0.1.0 may have their data in the release's folder.
  const keepsHome = !desired.removeData && foldersInHome(desired).some((key) => key !== "logDir");
  const paths = [
    ...(keepsHome ? [] : [homeOf(desired)]),
    ...(desired.service === "systemd" ? [UNIT_PATH] : []),
    ...(desired.removeData ? [desired.dataDir, desired.dataLogDir, desired.logDir] : []),
  ];
  const stages: Stage[] = [
    stops(false),
    stops(true),
    {
      phase: "clean up",
      steps: (paths.length === 0 ? [] : side.servers).map((server) => ({
        id: `remove ${server.name}`,
        host: server.name,
        kind: "zk.remove",
        args: { paths },
        says: `remove ${paths.join(", ")}`,
      })),
    },
  ];
  return {
    title: `remove ZooKeeper ${desired.version} from ${sayServers(side)}${keepsHome ? `; ${homeOf(desired)} stays, its data lies there` : ""}`,
    operation: "remove",
    stages: stages.filter((stage) => stage.steps.length > 0),
  };
}
