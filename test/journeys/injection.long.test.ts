/**
 * Shell metacharacters, blanks, quotes, a newline where it may be and unicode, in every argument that is not a command
 * of the user's own: they reach the host as data, through a whole move and its way back, or are refused before.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "../../core/run/desired";
import type { ActiveSide } from "../../core/run/history";
import { ensembleSchema } from "../../core/zookeeper/desired";
import { METRIKA_XML } from "../../lab/clickhouse";
import { ZK_DATA_DIR, ZK_DATA_LOG_DIR } from "../../lab/layout";
import { Scene } from "./direct/scene";
import { readTree } from "./direct/tree";

const EVIL = `a b'c"d;$(touch /pwned)\`touch /pwned\`|&*节点 -n`;
const DATA = `/srv/data ${EVIL}`;
const LOGS = `/srv/logs ${EVIL}`;
const CONFIG = `/etc/click ${EVIL}/metrika ${EVIL}.xml`;

let scene: Scene;
let folder: string;
beforeAll(async () => {
  scene = await Scene.open({ clickhouse: true });
  folder = mkdtempSync(join(tmpdir(), "injection $(touch pwned) "));
});
afterAll(async () => {
  await scene?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `ln`, from the path that is meant to the one that the arguments name. */
const link = (host: string, real: string, named: string) =>
  scene.on(host, 'mkdir -p "$(dirname "$2")" && ln -s "$1" "$2"', real, named);

/** Files of that name on any host, at the places where a script of ours would run. */
const pwned = async () =>
  (
    await Promise.all(
      scene.lab.specs.map(({ name }) =>
        scene.on(name, "find / -xdev -name pwned -newer /etc/hostname 2>/dev/null; true"),
      ),
    )
  ).join("");

test("a move and its way back with hostile paths: nothing of them is run", async () => {
  for (const { name } of scene.lab.oldEnsemble) {
    await link(name, ZK_DATA_DIR, DATA);
    await link(name, ZK_DATA_LOG_DIR, LOGS);
  }
  for (const { name } of scene.lab.clickhouse) await link(name, METRIKA_XML, CONFIG);
  const tarball = join(folder, `zookeeper ${EVIL.replaceAll("/", "")}.tar.gz`);
  copyFileSync(scene.lab.inventory.distribution.path, tarball);
  const before = await readTree(scene.lab.inventory.old);
  const elsewhere = scene.desired((args) => Object.assign(args.source, { dataDir: DATA, dataLogDir: LOGS }));
  const { failed } = await scene.forward(elsewhere);
  // zoo.cfg of a running server names its folders, and the arguments are held to that.
  expect(failed).toContain(`expected dataDir=${DATA}, as the arguments say`);
  expect(await pwned()).toBe("");

  const desiredTo = (active: ActiveSide) =>
    scene.desired((args) => {
      args["active"] = active;
      args.target["distribution"] = { path: tarball, sha512: scene.lab.inventory.distribution.sha512 };
      const consumers = args["lab consumers"] as Record<string, Record<string, unknown>>;
      args.consumers = { clickhouse: { ...consumers["clickhouse"], configPath: CONFIG } };
    });
  await scene.on("zk-new1", "rm -rf /opt/zookeeper/apache-zookeeper-*");
  await scene.install(desiredTo("target").target);

  expect(await scene.up(desiredTo("target"))).toMatchObject({ failed: "" });
  expect(await readTree(scene.lab.inventory.new)).toMatchObject(before);

  expect(await scene.up(desiredTo("source"))).toMatchObject({ failed: "" });
  expect(await readTree(scene.lab.inventory.old)).toMatchObject(before);
  expect(await pwned()).toBe("");
});

test.each(["installDir", "dataDir", "dataLogDir", "logDir", "runAs", "version"])(
  "%s, which ZooKeeper's own scripts read, is refused",
  (argument) => {
    const args = scene.arguments().target;
    expect(readArguments(ensembleSchema, { ...args, [argument]: `/srv/${EVIL}` })).toMatchObject({
      complaints: [{ where: argument }],
    });
  },
);
