/** The Pulumi program of this repository: one migration, described by the stack's configuration. */
import { migrationFromConfig } from "./stacks/migration";
import { refuseStale } from "./stacks/refuse-stale";

refuseStale();

const { ensemble, migration, repoints, report: filed } = migrationFromConfig();

export const connectString = ensemble.connectString;
export const activeSide = migration.activeSide;
export const plan = {
  ensemble: ensemble.plan,
  data: migration.plan,
  consumers: Object.fromEntries(Object.entries(repoints).map(([name, repoint]) => [name, repoint.plan])),
};
/** Pages on the machine that ran the preview, and the `up`. */
export const planPage = migration.planPage;
export const report = filed;
export const rollbackPlan = migration.rollbackPlan;
export const timeline = {
  data: migration.timeline,
  consumers: Object.fromEntries(Object.entries(repoints).map(([name, repoint]) => [name, repoint.timeline])),
};
export const writePauseSeconds = Object.fromEntries(
  Object.entries(repoints).map(([name, repoint]) => [name, repoint.writePauseSeconds]),
);
