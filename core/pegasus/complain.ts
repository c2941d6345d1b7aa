/** What speaks against moving a Pegasus cluster, and what a reviewer is shown of it. Pure. */
import { diffsOf } from "../editors/diffs";
import { lineSecrets } from "../editors/secrets";
import { decodeText } from "../editors/text";
import type { Complaint } from "../engine/errors";
import type { Side } from "../zookeeper/side";
import { chrootOf, complainConfig, hostsListFor, lockPathOf, readSettings, writeSettings } from "./config";
import type { PegasusDesired } from "./desired";
import type { ClusterState, PegasusFacts } from "./observe";
import { serversOf } from "./planned-steps";
import { findUnhealthy, isCanary } from "./read/judge";

export interface ComplainOptions {
  /** Before a move from a cluster that works; not where one is to be rescued. */
  readonly healthMatters: boolean;
  /** What brings the metadata to the other side: the whole ensemble, these roots, or nothing. */
  readonly carries: "everything" | "nothing" | readonly string[];
}

export function complainPegasus(
  desired: PegasusDesired,
  facts: PegasusFacts,
  options: ComplainOptions,
): Complaint[] {
  return [
    ...facts.metas.flatMap((meta) => complainMeta(desired, meta)),
    ...complainStrategy(desired, facts, options.carries),
    ...(options.healthMatters ? complainHealth(desired, facts) : []),
    ...(options.healthMatters && desired.method === "recover" ? complainUncarried(desired, facts) : []),
  ];
}

/** A unified diff a meta, secrets masked; empty where the file already names the wanted servers. */
export function diffsOfPegasus(
  desired: PegasusDesired,
  facts: PegasusFacts,
  to: Side,
): Record<string, string[]> {
  // Of method recover the file as it is while it recovers: afterwards the second line says false.
  const recover = desired.method === "recover" ? "true" : undefined;
  const edit = (config: Buffer) => {
    const hostsList = hostsListFor(serversOf(to), readSettings(config).hostsList);
    return decodeText(writeSettings(config, { hostsList, recover })).text;
  };
  return diffsOf(desired.configPath, facts.metas, edit, lineSecrets);
}

/** What was found, in lines. */
export function describePegasus(facts: PegasusFacts): string[] {
  const { cluster } = facts;
  if (!cluster) return [`no meta server answers: ${facts.silent ?? "none was asked"}`];
  const live = cluster.apps.filter((app) => app.status !== "DROPPED");
  const partitions = live.reduce((sum, app) => sum + app.partitions, 0);
  return [
    `primary meta ${cluster.primary ?? cluster.info.primaryMetaServer}, level ${cluster.info.level}, root ${cluster.info.zookeeperRoot}`,
    `${cluster.nodes.length} replica servers: ${cluster.nodes.map((node) => `${node.address} ${node.alive ? "ALIVE" : "UNALIVE"}`).join(", ")}`,
    `${live.length} tables, ${partitions} partitions: ${live.map((app) => app.name).join(", ")}`,
    ...(facts.uncarried ?? []).map((what) => `method recover does not bring back ${what}`),
  ];
}

function complainMeta(desired: PegasusDesired, meta: PegasusFacts["metas"][number]): Complaint[] {
  const where = `${meta.name}:${desired.configPath}`;
  if (meta.unreachable !== undefined) {
    return [
      {
        where: meta.name,
        found: `no way in: ${meta.unreachable}`,
        expected: "every meta server's host reachable over SSH",
        next: "A meta that is left behind would lead on the old ensemble. Mend the host, or take it out of metas and server_list.",
      },
    ];
  }
  if (meta.config === undefined) {
    return [
      { where, found: "no such file", expected: "the meta server's config.ini", next: "Set configPath." },
    ];
  }
  return complainConfig(meta.config, where);
}

function complainStrategy(
  desired: PegasusDesired,
  facts: PegasusFacts,
  carries: ComplainOptions["carries"],
): Complaint[] {
  const where = `${desired.name}.method`;
  const config = facts.metas.find((meta) => meta.config)?.config;
  const chroot = config ? chrootOf(readSettings(config).hostsList) : "";
  if (desired.method === "recover") {
    if (chroot !== "") {
      return [
        {
          where,
          found: `recover, while hosts_list ends with the chroot ${chroot}`,
          expected: "no chroot: nothing makes that znode on the other side",
          next: "Use method copy.",
        },
      ];
    }
    if (carries === "nothing") return [];
    return [
      {
        where,
        found: "recover, while the strategy brings the old metadata along",
        expected: "strategy { kind: none }: a recovery starts from an empty root",
        next: "Use method copy with this strategy, or strategy { kind: none } with method recover.",
      },
    ];
  }
  if (carries === "everything") return [];
  const below = rootOf(desired, facts);
  const root = below === undefined ? undefined : `${chroot}${below}`;
  const covered = carries !== "nothing" && root !== undefined && carries.some((one) => isBelow(root, one));
  if (covered || root === undefined) return [];
  return [
    {
      where,
      found:
        carries === "nothing"
          ? "copy, while the strategy copies nothing"
          : `copy, while the strategy copies ${carries.join(", ")} alone`,
      expected: `the cluster's root ${root} among what is copied`,
      next: `Set strategy: { kind: tree, roots: [${root}] }, or use method recover with strategy { kind: none }.`,
    },
  ];
}

function complainHealth(desired: PegasusDesired, facts: PegasusFacts): Complaint[] {
  if (!facts.cluster) {
    return [
      {
        where: desired.name,
        found: facts.silent ?? "no answer",
        expected: "a meta server that leads, asked through the shell",
        next: "Mend the cluster, or the argument shell: it is the command as you type it, --cluster included.",
      },
    ];
  }
  return findTroubles(desired, facts.cluster).map((found) => ({
    where: desired.name,
    found,
    expected: "every node ALIVE and every partition fully healthy before the move begins",
    next: "Mend it first: after the move nobody could tell whether it was the move, and a recovery would lose what only that node has.",
  }));
}

/** What keeps a cluster from being moved, in words; empty when it is well. */
export function findTroubles(
  desired: Pick<PegasusDesired, "name" | "metas">,
  cluster: ClusterState,
): string[] {
  return [
    ...(cluster.primary === undefined
      ? [
          `the primary meta is ${cluster.info.primaryMetaServer ?? "not known"}, which is none of metas (${Object.keys(desired.metas).join(", ")})`,
        ]
      : []),
    ...(cluster.info.metaServers.length === Object.keys(desired.metas).length
      ? []
      : [
          `${cluster.info.metaServers.length} meta servers (${cluster.info.metaServers.join(", ")}), while metas names ${Object.keys(desired.metas).length}`,
        ]),
    ...cluster.nodes.filter((node) => !node.alive).map((node) => `replica server ${node.address} is UNALIVE`),
    ...findUnhealthy(cluster.apps),
  ];
}

function complainUncarried(desired: PegasusDesired, facts: PegasusFacts): Complaint[] {
  if (desired.acceptLost) return [];
  const dropped = (facts.cluster?.apps ?? []).filter((app) => app.status === "DROPPED" && !isCanary(app));
  const found = [
    ...(facts.uncarried ?? ["what a recovery does not bring back could not be looked for in ZooKeeper"]),
    ...dropped.map(
      (app) => `the dropped table ${app.name} (${app.id}), which would come back as an available one`,
    ),
  ];
  return found.map((what) => ({
    where: desired.name,
    found: what,
    expected: "nothing that a recovery does not bring back",
    next: "Use method copy. Or note it down to set it up again, and set acceptLost: true.",
  }));
}

/** Where the metadata lies, below the chroot. */
export function rootOf(desired: PegasusDesired, facts: PegasusFacts): string | undefined {
  return desired.clusterRoot ?? facts.cluster?.info.zookeeperRoot ?? facts.record?.root;
}

/** Where the metadata lies on the servers, chroot and all; undefined where no file or nobody tells. */
export function znodesOf(
  desired: PegasusDesired,
  facts: PegasusFacts,
): { readonly root: string; readonly queue: string } | undefined {
  const config = facts.metas.find((meta) => meta.config)?.config;
  const root = rootOf(desired, facts);
  if (!config || root === undefined) return undefined;
  const chroot = chrootOf(readSettings(config).hostsList);
  return {
    root: `${chroot}${root}`,
    queue: `${chroot}${lockPathOf(config, root).replace(/\/+$/, "")}/dsn.meta.server.leader`,
  };
}

/** Where the metas queue for their lock: never copied, since a lock node of nobody's would block them for ever. */
export function excludedOf(desired: PegasusDesired, facts: PegasusFacts): string[] {
  const znodes = znodesOf(desired, facts);
  return znodes ? [znodes.queue] : [];
}

function isBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(`${root}/`);
}
