/** What reports and plan pages say of a migration beside its steps: from its arguments alone. Pure. */
import { describeSteps } from "../engine/plan-text";
import type { Fact } from "../report/model";
import type { Hosts } from "../transports/contract";
import { addressOf, namesOf } from "../zookeeper/desired";
import { choicesOf, clientsOf } from "./consumers";
import type { EitherEnsemble, MigrationDesired } from "./desired";
import { gatherHosts, isManaged } from "./desired";
import type { ActiveSide } from "./history";
import { sketchBack } from "./move";
import { hostMapsOf } from "./open";

/** @param to the side that is joined */
export function factsOf(desired: MigrationDesired, to: ActiveSide): Fact[] {
  const source = sayEnsemble(desired.source);
  const target = sayEnsemble(desired.target);
  const { strategy } = desired;
  return [
    ["from", to === "target" ? source : target],
    ["to", to === "target" ? target : source],
    ["strategy", typeof strategy === "string" ? strategy : [strategy.kind, ...rootsOf(strategy)].join(" ")],
    ["fence", desired.fence],
    ...desired.consumers.map((consumer): Fact => [
      `consumer ${consumer.name}`,
      `${consumer.kind}: ${clientsOf(consumer)
        .map(({ name, address }) => `${name} (${address})`)
        .join(", ")}`,
    ]),
  ];
}

/** Everything that is not as careful as it could be, because the user said so. */
export function acceptedBy(desired: MigrationDesired): string[] {
  const { hosts } = gatherHosts(hostMapsOf(desired));
  const careless = namesOf(hosts).filter((name) => hosts[name]?.connection.insecureIgnoreHostKey);
  return [
    ...(desired.acceptDataLoss ? ["acceptDataLoss: a move that would lose something may go on"] : []),
    ...(desired.acceptForeignClients
      ? ["acceptForeignClients: clients that are no consumers are cut off"]
      : []),
    ...(desired.fence === "consumersOnly" ? ["fence consumersOnly: the source goes on serving others"] : []),
    ...(desired.cleanUpSource ? ["cleanUpSource: finalizing removes the source's data"] : []),
    ...(careless.length > 0
      ? [`insecureIgnoreHostKey: the host key of ${careless.join(", ")} was not checked`]
      : []),
    ...desired.consumers.flatMap((consumer) =>
      Object.entries(choicesOf(consumer))
        .filter(([, value]) => value === true)
        .map(([choice]) => `${consumer.name}: ${choice}`),
    ),
  ];
}

export function wayBackOf(
  desired: MigrationDesired,
  active: ActiveSide,
  finalized: boolean,
): { readonly wayBack: readonly string[]; readonly wayBackUntil: string } {
  if (finalized) return { wayBack: [], wayBackUntil: "Closed: the migration is finalized." };
  if (active === "source") {
    return {
      wayBack: [],
      wayBackUntil:
        "The source is active; there is nothing to go back from. pulumi up with active: target moves forward.",
    };
  }
  return {
    wayBack: describeSteps(sketchBack(desired)),
    wayBackUntil:
      "Open until finalized: true is set. pulumi destroy, or active: source and pulumi up, does this, and brings what was written since:",
  };
}

export function onCallOf({ onCall }: MigrationDesired): Fact[] {
  return onCall.map(({ name, contact }) => [name, contact ?? ""]);
}

function sayEnsemble(ensemble: EitherEnsemble): string {
  const servers = sayHosts(ensemble.hosts, ensemble.clientPort);
  return isManaged(ensemble) ? `ZooKeeper ${ensemble.version}\n${servers}` : servers;
}

function sayHosts(hosts: Hosts, port: number): string {
  return namesOf(hosts)
    .map((name) => `${name} (${addressOf(hosts, name)}:${port})`)
    .join(", ");
}

function rootsOf(strategy: Exclude<MigrationDesired["strategy"], string>): readonly string[] {
  return strategy.kind === "tree" ? strategy.roots : [];
}
