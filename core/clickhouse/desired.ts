/** A ClickHouse replica set as a consumer of ZooKeeper: where its configuration lies and how to ask it. */
import { z } from "zod";
import { hostsSchema, userCommandSchema } from "../zookeeper/desired";

const port = z.int().min(1).max(65535);

export const writersSchema = z.strictObject({
  /** Run in this order before the fence: stop the offline and real-time jobs. */
  pause: z.array(userCommandSchema).default([]),
  /** Run in reverse order of the pause's, once the consumer works again. */
  resume: z.array(userCommandSchema).default([]),
  /** Addresses from which the writers themselves are connected to ZooKeeper; they must be gone after the pause. */
  addresses: z.array(z.string()).default([]),
});

export const clickhouseSchema = z.strictObject({
  kind: z.literal("clickhouse"),
  /** How plans and journals call it. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .default("clickhouse"),
  hosts: hostsSchema,
  configPath: z
    .string()
    .regex(/^\/[^\0\n]*$/, "an absolute path")
    .default("/etc/clickhouse-server/metrika.xml"),
  /** Element that holds the nodes; `zookeeper` in config.d, `auxiliary_zookeepers/name` for a second ensemble. */
  element: z.string().min(1).default("zookeeper-servers"),
  restart: z.string().min(1).default("systemctl restart clickhouse-server"),
  stop: z.string().min(1).default("systemctl stop clickhouse-server"),
  /**
   * What the servers do while no ensemble serves them. `readOnly`: they go on answering SELECTs. `stopped`: they are
   * stopped before their ensemble is. A server that lost its ensemble ends up to 5 s late (its DDLWorker sleeps that
   * long between two tries to reconnect), and where it must be restarted anyway those seconds are write pause.
   * The migration's fence `consumersOnly` always stops them.
   */
  fence: z.enum(["readOnly", "stopped"]).default("readOnly"),
  query: z
    .strictObject({
      port: port.default(8123),
      user: z.string().default("default"),
      password: z.string().optional(),
      /** Database in which the canary makes and drops its tables. */
      database: z.string().regex(/^\w+$/).default("default"),
      /** Cluster (of remote_servers) on which the canary tries distributed DDL. @default not tried */
      cluster: z
        .string()
        .regex(/^[\w.-]+$/)
        .optional(),
    })
    .prefault({}),
  writers: writersSchema.prefault({}),
});

export type ClickHouseDesired = z.output<typeof clickhouseSchema>;
