/** Every kind of step, and who carries it out. */
import { clickhouseHandlers } from "../clickhouse/steps";
import { commandHandlers } from "../engine/command-steps";
import type { Handlers } from "../engine/step";
import type { World } from "../transports/contract";
import { pegasusHandlers } from "../pegasus/steps";
import { ensembleHandlers } from "../zookeeper/ensemble/steps";
import { serviceHandlers } from "../zookeeper/service-steps";
import { snapshotHandlers } from "../zookeeper/snapshot/steps";
import { treeHandlers } from "../zookeeper/tree/steps";

export const handlers: Handlers<World> = {
  ...commandHandlers,
  ...serviceHandlers,
  ...ensembleHandlers,
  ...snapshotHandlers,
  ...treeHandlers,
  ...clickhouseHandlers,
  ...pegasusHandlers,
};
