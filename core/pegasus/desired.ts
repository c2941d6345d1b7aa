/** A Pegasus cluster as a consumer of ZooKeeper: its meta servers, how its owners run them, and which way it moves. */
import { z } from "zod";
import { hostsSchema, userCommandSchema } from "../zookeeper/desired";

const absolutePath = z.string().regex(/^\/[^\0\n]*$/, "an absolute path");

export const pegasusSchema = z.strictObject({
  kind: z.literal("pegasus"),
  /** How plans and journals call it. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .default("pegasus"),
  /** Hosts of the meta servers. Replica servers need no connection: they are never touched. */
  metas: hostsSchema,
  /** The meta servers' config.ini, the same path on every host. */
  configPath: absolutePath,
  /** Shell commands as the cluster's owners run them, on the meta's own host. */
  start: z.string().min(1),
  stop: z.string().min(1),
  /**
   * Runs Pegasus's shell, `--cluster` included; it gets one command on standard input. A text is run on a meta's
   * host, on the next one's where that is out of reach; `{ run }` on the operator's machine, `{ run, on }` on that host.
   */
  shell: z.union([
    z.string().min(1),
    z.strictObject({ run: z.string().min(1), on: z.string().min(1).optional() }),
  ]),
  /** `recover` rebuilds the metadata from the replica servers; `copy` takes it along. */
  method: z.enum(["recover", "copy"]),
  /** Where the metadata lies, as `cluster_info` says it; asked for when absent. */
  clusterRoot: absolutePath.optional(),
  /** `recover -b`: go on without the replicas of nodes that do not answer. */
  skipBadNodes: z.boolean().default(false),
  /** `recover -l`: partitions of which no replica is left become empty. */
  skipLostPartitions: z.boolean().default(false),
  /**
   * Go on though the recovery will not bring back duplication, backup policies and the like; by `copy`, though the tables are
   * not those that were recorded before the metas stopped.
   */
  acceptLost: z.boolean().default(false),
  /**
   * Make, configure and drop a table before the fence and after the repointing. Off by default, since Pegasus keeps
   * the record of a dropped table, and its replicas until the level is `lively`.
   */
  canary: z.boolean().default(false),
  /** Seconds until every partition must be fully healthy again; large clusters need more. */
  healthTimeoutSeconds: z.number().positive().default(300),
  writers: z
    .strictObject({
      /** Run in this order before the fence: stop the jobs that write. */
      pause: z.array(userCommandSchema).default([]),
      /** Run in reverse order of the pause's, once the cluster is healthy again. */
      resume: z.array(userCommandSchema).default([]),
    })
    .prefault({}),
});

export type PegasusDesired = z.output<typeof pegasusSchema>;
