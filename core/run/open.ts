/** Opens everything that an operation on a migration needs: its hosts, its lock, its journal. */
import type { Progress } from "../engine/execute";
import type { Plan } from "../engine/step";
import { stepsOf } from "../engine/step";
import type { Hosts, World } from "../transports/contract";
import { namesOf } from "../zookeeper/desired";
import { hostsOf, secretsOf } from "./consumers";
import type { MigrationDesired } from "./desired";
import { migrationId } from "./desired";
import { handlers } from "./handlers";
import type { Session } from "./session";
import { withSession } from "./session";
import { withWorld } from "./world";

export function withMigrationWorld<T>(
  desired: MigrationDesired,
  act: (world: World) => Promise<T>,
): Promise<T> {
  const secrets = Object.assign({}, ...desired.consumers.map(secretsOf)) as Record<
    string,
    string | undefined
  >;
  return withWorld({ migration: migrationId(desired), hosts: hostMapsOf(desired), secrets }, act);
}

/** The machines of both sides and of every consumer. */
export function hostMapsOf(desired: MigrationDesired): Hosts[] {
  return [desired.source.hosts, desired.target.hosts, ...desired.consumers.map(hostsOf)];
}

/** The servers of both sides keep the journal and the lock; the source's come first, see `journal/quorum.ts`. */
export function keepersOf(desired: MigrationDesired): string[] {
  return [...new Set([...namesOf(desired.source.hosts), ...namesOf(desired.target.hosts)])];
}

/** Whether every host of a plan is still declared: the user may have taken out one that is gone for good. */
export function declaresAll(desired: MigrationDesired, plan: Plan): boolean {
  const declared = new Set(["ops", ...hostMapsOf(desired).flatMap(Object.keys)]);
  return stepsOf(plan).every(({ host }) => declared.has(host));
}

/** Under the lock; see {@link withSession}. */
export function withMigrationSession<T>(
  desired: MigrationDesired,
  progress: Progress,
  act: (world: World, session: Session) => Promise<T>,
): Promise<T> {
  return withMigrationWorld(desired, (opened) =>
    withSession(opened, handlers, progress, keepersOf(desired), act),
  );
}
