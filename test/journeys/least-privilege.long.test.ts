/**
 * Install, move, repoint and way back as a user who is not root and has the sudoers list of SECURITY.md, no more. What
 * is left on the hosts belongs to whom it should, and nobody else reads what root alone may.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MigrationDesired } from "../../core/run/desired";
import { METRIKA_XML } from "../../lab/clickhouse";
import type { Arguments, Ensemble } from "../../lab/arguments";
import { clientKeyFile, PLAIN_USER } from "../../lab/disk";
import { checkout } from "../../lab/layout";
import { Scene } from "./direct/scene";
import { readTree } from "./direct/tree";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.bare();
});
afterAll(() => scene?.close());

test("the sudoers list of SECURITY.md is enough, and modes and owners are what they should be", async () => {
  await Promise.all(
    scene.lab.specs.map(({ name }) =>
      scene.on(name, 'printf %s "$1" > "$2"', sudoersOf(PLAIN_USER), `/etc/sudoers.d/${PLAIN_USER}`),
    ),
  );
  const asUser = ["setpriv", "--reuid", PLAIN_USER, "--clear-groups", "sudo", "-n", "cat", "/etc/shadow"];
  expect((await scene.lab.host("zk-new1").exec(asUser)).stderr).toMatch(/password is required|not allowed/);
  const [desired, back] = [desiredTo("target"), desiredTo("source")];
  const before = await readTree(scene.lab.inventory.old);
  const config = await ownedBy("ck1", METRIKA_XML);

  await scene.install(desired.target);
  expect(await scene.up(desired)).toMatchObject({ failed: "" });
  expect(await readTree(scene.lab.inventory.new)).toMatchObject(before);

  expect(await ownedBy("ck1", METRIKA_XML)).toBe(config);
  for (const { name } of scene.newEnsemble) {
    expect(await ownedBy(name, "/var/lib/pulumi-zookeeper")).toBe("700 root:root");
    expect(await ownedBy(name, "/opt/zookeeper/data/version-2")).toMatch(/^7[05][05] zookeeper:zookeeper$/);
    // Neither the operator's files nor group- or world-writable ones.
    expect(await scene.on(name, FOREIGN, PLAIN_USER)).toBe("");
  }

  expect(await scene.up(back)).toMatchObject({ failed: "" });
  expect(await readTree(scene.lab.inventory.old)).toMatchObject(before);
  expect(await ownedBy("ck1", METRIKA_XML)).toBe(config);
  for (const { name } of scene.lab.specs) expect(await scene.on(name, FOREIGN, PLAIN_USER)).toBe("");
});

const FOREIGN = `find /opt/zookeeper /var/lib/pulumi-zookeeper /etc/clickhouse-server \\
  \\( -user "$1" -o -perm /022 -not -type l \\) 2>/dev/null; true`;

function desiredTo(active: "target" | "source"): MigrationDesired {
  return scene.desired((args) => {
    args.consumers = args["lab consumers"] as Arguments["consumers"];
    args["active"] = active;
    const login = { user: PLAIN_USER, privateKey: readFileSync(clientKeyFile(PLAIN_USER), "utf8") };
    for (const part of [args.source, args.target, ...Object.values(args.consumers)] as Ensemble[]) {
      for (const host of Object.values(part.hosts)) {
        Object.assign(host, { sudo: true, connection: { ...host.connection, ...login } });
      }
    }
  });
}

/** The list as the document has it, for another user. */
function sudoersOf(user: string): string {
  const document = readFileSync(join(checkout(), "SECURITY.md"), "utf8");
  const [, list] = /^```\n\w+ (ALL=\(root\) NOPASSWD:[^`]*)```$/m.exec(document) ?? [];
  if (list === undefined) throw new Error("SECURITY.md has no sudoers list");
  return `${user} ${list}`;
}

/** `755 root:root` */
function ownedBy(host: string, path: string): Promise<string> {
  return scene.on(host, 'stat -L -c "%a %U:%G" -- "$1"', path);
}
