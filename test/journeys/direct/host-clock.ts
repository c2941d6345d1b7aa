/**
 * A host whose clock can be set. All hosts of the lab, and the machine itself, have one kernel's clock; so what the operator
 * starts on the host, and its ZooKeeper, ask libfaketime instead. What measures is left alone and files keep their times, as
 * when a real clock is set.
 */
import { untilQuorum } from "../../../lab/old-zookeeper";
import { OLD_ZOOKEEPER_HOME } from "../../../lab/layout";
import type { Scene } from "./scene";

const OFFSET = "/etc/clock-offset";
const ENVIRONMENT = [
  "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1",
  `FAKETIME_TIMESTAMP_FILE=${OFFSET}`,
  "FAKETIME_NO_CACHE=1",
  "FAKETIME_DONT_FAKE_MONOTONIC=1",
  // Else it takes every wait that Java bounds by what measures for one by the clock: each ends at once, or never.
  "FAKETIME_FORCE_MONOTONIC_FIX=0",
  "NO_FAKE_STAT=1",
];

/** Switches the hosts off and on. A new server has its host's clock from its next start on. */
export async function giveClocks(scene: Scene, hosts: readonly string[]): Promise<void> {
  const exports = ENVIRONMENT.map((assignment) => `export '${assignment}'`).join("\n");
  for (const name of hosts) {
    await setHostClock(scene, name, 0);
    // sshd goes by the first line of a kind.
    await scene.on(name, 'sed -i "s|^SetEnv .*|& $*|" /etc/ssh/sshd_config', ...ENVIRONMENT);
    if (scene.lab.host(name).spec.role === "old-zookeeper")
      await scene.on(name, 'echo "$1" >>"$2"', exports, `${OLD_ZOOKEEPER_HOME}/conf/java.env`);
    await scene.lab.host(name).kill();
    await scene.lab.host(name).start();
  }
  await untilQuorum(scene.lab.oldEnsemble);
}

/** @param days from the true time */
export async function setHostClock(scene: Scene, name: string, days: number): Promise<void> {
  const offset = `${days < 0 ? "-" : "+"}${Math.abs(days)}d`;
  await scene.on(name, 'echo "$1" >"$2.new"; mv "$2.new" "$2"', offset, OFFSET);
}
