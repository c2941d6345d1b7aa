/**
 * A Pegasus cluster as the explorer's subject. What its consumers know is its tables: another is made before each look
 * at them, and none may ever be missing or changed. The replica servers are never restarted.
 */
import { labArguments } from "../lab/arguments";
import type { Lab } from "../lab/lab";
import { PEGASUS_CONFIG } from "../lab/pegasus-hosts";
import { until } from "../lab/wait";
import { PegasusCluster, type ClusterLook, type Method } from "../test/journeys/direct/pegasus";
import { addressesOf, type Side, type Subject } from "./subject";

/** Beside the two lists of servers: `recover` edits its own key, on and off again. */
const TEXTS = { copy: 2, recover: 5 } as const satisfies Record<Method, number>;

export function pegasusSubject(lab: Lab, method: Method): Subject {
  const cluster = new PegasusCluster(lab);
  const tables = new Tables(cluster);
  return {
    lab,
    args: argumentsFor(lab, method),
    clients: addressesOf(cluster.metas),
    configs: cluster.metas.map(({ name }) => ({ host: name, path: PEGASUS_CONFIG })),
    intendedTexts: TEXTS[method],
    movesAll: false,
    load: { inserts: 0, znodes: 10 },
    untilWell: async (active) => {
      await cluster.look();
      await untilAllOn(cluster, active);
      await tables.makeOne();
    },
    checkOwn: () => tables.check(),
    forget: () => tables.forget(),
  };
}

function argumentsFor(lab: Lab, method: Method) {
  const args = labArguments(lab.inventory, { perDialTimeout: 30 });
  (args.consumers["pegasus"] ?? {})["method"] = method;
  // Metadata recovery moves no data.
  return method === "recover" ? { ...args, strategy: { kind: "none" } } : args;
}

async function untilAllOn(cluster: PegasusCluster, active: Side): Promise<void> {
  const wanted = cluster.ensemble(active === "source" ? "old" : "new");
  await until(`every meta has loaded ${wanted}`, async () => {
    const lists = await cluster.hostsLists();
    return lists.every((list) => list === wanted) ? undefined : lists.join("; ");
  });
}

class Tables {
  private made = 0;
  private known: ClusterLook | undefined;

  constructor(private readonly cluster: PegasusCluster) {}

  async makeOne(): Promise<void> {
    const name = `chaos${++this.made}`;
    const answer = await this.cluster.shell(`create ${name} -p 1 -e made=by_chaos`);
    if (!answer.includes(`create app "${name}" succeed`)) throw new Error(answer);
  }

  async check(): Promise<void> {
    const now = await this.cluster.look();
    const before = this.known;
    const names = now.tables.map((line) => line.split(" ")[1]);
    const missing = [
      ...["stat", "temp", "t1", `chaos${this.made}`].filter((name) => !names.includes(name)),
      ...(before?.tables ?? []).filter((line) => !now.tables.includes(line)),
    ];
    if (missing.length > 0)
      throw new Error(`missing or changed: ${missing.join("; ")}; found ${now.tables.join("; ")}`);
    for (const what of ["level", "root", "nodes", "replicaServers"] as const) {
      if (before && String(before[what]) !== String(now[what]))
        throw new Error(`${what}: before ${String(before[what])}, now ${String(now[what])}`);
    }
    this.known = now;
  }

  forget(): void {
    this.made = 0;
    this.known = undefined;
  }
}
