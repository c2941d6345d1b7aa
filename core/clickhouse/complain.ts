/** What speaks against moving a ClickHouse replica set, and what a reviewer is shown of it. Pure. */
import { diffsOf } from "../editors/diffs";
import { applyEdits } from "../editors/edit";
import { EditError } from "../editors/errors";
import { xmlSecrets } from "../editors/secrets";
import { decodeText } from "../editors/text";
import { setZooKeeperNodes } from "../editors/xml/set-zookeeper-nodes";
import type { Complaint } from "../engine/errors";
import type { Side } from "../zookeeper/side";
import type { ClickHouseDesired } from "./desired";
import type { ClickHouseFacts, ReplicaServerFacts } from "./observe";
import { nodesOf } from "./plan";

export function complainClickHouse(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  options: { readonly healthMatters: boolean },
): Complaint[] {
  return facts.servers.flatMap((server) => {
    const where = `${server.name}:${desired.configPath}`;
    if (server.unreachable !== undefined) {
      return [
        {
          where: server.name,
          found: `no way in: ${server.unreachable}`,
          expected: "every replica reachable over SSH",
          next: "A replica that is left behind would be split off. Mend the host, or take it out of the consumer's hosts.",
        },
      ];
    }
    if (server.config === undefined) {
      return [
        {
          where,
          found: "no such file",
          expected: "the file that holds the ZooKeeper nodes",
          next: "Set configPath.",
        },
      ];
    }
    const complaints = complainElement(desired, server.config, where);
    if (options.healthMatters) complaints.push(...complainHealth(server));
    return complaints;
  });
}

/** A unified diff a host, secrets masked; empty where the file already names the wanted nodes. */
export function diffsOfClickHouse(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  to: Side,
): Record<string, string[]> {
  const edit = (config: Buffer) => {
    const { text } = decodeText(config);
    return applyEdits(text, setZooKeeperNodes(text, desired.element, nodesOf(to)));
  };
  return diffsOf(desired.configPath, facts.servers, edit, xmlSecrets);
}

function complainElement(desired: ClickHouseDesired, config: Buffer, where: string): Complaint[] {
  try {
    setZooKeeperNodes(decodeText(config).text, desired.element, [{ host: "probe", port: 2181 }]);
    return [];
  } catch (error) {
    if (error instanceof EditError) return [{ where, ...error.complaint }];
    throw error;
  }
}

function complainHealth(server: ReplicaServerFacts): Complaint[] {
  const expected = "every replicated table writable before the move begins";
  if (server.troubles === undefined) {
    return [
      {
        where: server.name,
        found: "ClickHouse does not answer",
        expected,
        next: "Start it, or mend query.port and query.user.",
      },
    ];
  }
  return server.troubles.map((found) => ({
    where: server.name,
    found,
    expected,
    next: "Mend the table first: after the move nobody could tell whether it was the move.",
  }));
}
