/** The other way to install an ensemble: downloaded by the hosts themselves, and run by systemd (a stand-in for it). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureEnsemble, removeEnsemble } from "../../core/run/ensemble";
import type { EnsembleDesired } from "../../core/zookeeper/desired";
import { modeOf } from "../../lab/old-zookeeper";
import { withDownload } from "./direct/download";
import { Scene, tell } from "./direct/scene";

const STAND_IN = readFileSync(join(__dirname, "../../lab/boot/systemctl-stand-in.sh"), "utf8");
const UNIT = "/etc/systemd/system/zookeeper.service";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.bare();
  const put = 'printf "%s" "$1" > /usr/local/bin/systemctl; chmod 755 /usr/local/bin/systemctl';
  await Promise.all(scene.newEnsemble.map(({ name }) => scene.on(name, put, STAND_IN)));
});
afterAll(() => scene.close());

test("downloaded, checked, run by systemd, changed server by server, and removed with its unit", async () => {
  const { path, sha512 } = scene.lab.inventory.distribution;
  await withDownload(path, async (url) => {
    const desired = (maxHeap: string): EnsembleDesired =>
      scene.target((target) => {
        Object.assign(target, { service: "systemd", distribution: { url, sha512 } });
        Object.assign(target["jvm"] as object, { maxHeap });
      });
    const installed = await tell((say) => ensureEnsemble(desired("512m"), { say }));
    expect(installed.failed).toBe("");
    expect(installed.said).toContain(`fetch ${url}, check its SHA-512`);
    await expectServing("-Xmx512m");
    expect(await asked()).toEqual(["daemon-reload", "enable zookeeper", "start zookeeper"]);

    expect((await tell((say) => ensureEnsemble(desired("448m"), { say }))).failed).toBe("");
    await expectServing("-Xmx448m");
    expect((await asked()).slice(3)).toEqual(["stop zookeeper", "start zookeeper"]);

    expect((await tell((say) => removeEnsemble(desired("448m"), { say }))).failed).toBe("");
    expect((await asked()).slice(5)).toEqual(["stop zookeeper", "disable zookeeper", "daemon-reload"]);
    for (const { name } of scene.newEnsemble) {
      expect(await scene.on(name, `ls -d ${UNIT} /opt/zookeeper/apache-* 2>/dev/null || true`)).toBe("");
    }
  });
});

/** One leader, two followers, each with this heap and as the user that the arguments name. */
async function expectServing(heap: string): Promise<void> {
  const modes = await Promise.all(scene.newEnsemble.map(modeOf));
  expect(modes.sort()).toEqual(["follower", "follower", "leader"]);
  for (const { name } of scene.newEnsemble) {
    expect(await scene.on(name, "ps -ww -o user:20= -o args= -C java")).toMatch(
      new RegExp(`^zookeeper .*${heap}`),
    );
  }
}

/** What the stand-in of the first host was asked so far. */
async function asked(): Promise<string[]> {
  return (await scene.on("zk-new1", "cat /var/log/systemctl-stand-in.log")).split("\n");
}
