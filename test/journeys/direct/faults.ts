/** What journeys with faults share: something happens once a line was said, and everything ends within a bound. */
import { setTimeout as sleep } from "node:timers/promises";
import { BRIDGE_ADDRESS } from "../../../lab/layout";
import type { Scene, Told } from "./scene";

/** Seconds within which every command of these ends, whatever happened to it. On a quiet machine it is a fifth of it. */
const BOUND_S = 150;

/** A command, with something that happens once the line was said; both have ended when this returns. */
export async function happening(
  command: (onLine: (said: string) => void) => Promise<Told>,
  line: RegExp,
  happen: () => Promise<unknown>,
): Promise<Told> {
  let happened: Promise<unknown> | undefined;
  const told = await within(
    command((said) => {
      if (line.test(said)) happened ??= happen();
    }),
  );
  if (!happened) throw new Error(`nothing happened: "${line}" was never said\n${told.said}\n${told.failed}`);
  await happened;
  return told;
}

export async function within<T>(act: Promise<T>): Promise<T> {
  const late = new AbortController();
  const bound = sleep(BOUND_S * 1000, undefined, { signal: late.signal }).then(() => {
    throw new Error(`not ended within ${BOUND_S} s`);
  });
  bound.catch(() => undefined);
  return Promise.race([act, bound]).finally(() => late.abort());
}

/** Nothing that the host sends reaches the operator; all other hosts hear it as before. */
export const cutOffFromOperator = (scene: Scene, name: string) =>
  scene.on(name, 'ip route add blackhole "$1/32"', BRIDGE_ADDRESS);

export const reconnectToOperator = (scene: Scene, name: string) =>
  scene.on(name, 'ip route del blackhole "$1/32"', BRIDGE_ADDRESS);

/** Success, or the name of the host and what to do next. */
export function expectSaid(told: Told, name: string): void {
  if (told.failed === "") return;
  expect(told.failed).toContain(name);
  expect(told.failed).toMatch(/pulumi up|same command/);
  expect(told.failed).not.toMatch(/\n +at /);
}
