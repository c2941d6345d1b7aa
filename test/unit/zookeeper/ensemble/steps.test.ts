/** What the steps do on a host, by a real shell; `rm` and `systemctl` stand in for a mounted disk and for systemd. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../../../core/engine/step";
import { UNIT_PATH } from "../../../../core/zookeeper/config-files";
import { ensembleHandlers } from "../../../../core/zookeeper/ensemble/steps";
import { contextOf, World } from "../../world";

const scene = mkdtempSync(join(tmpdir(), "pulumi-zookeeper-steps-"));
const path = (name: string) => join(scene, name);
afterAll(() => rmSync(scene, { recursive: true }));

/** Touches nothing outside the scene; what is below `mounted` it cannot remove but empty. */
const RM = `#!/bin/sh
for path; do
  case "$path" in
    ${scene}/mounted*) find "$path" -mindepth 1 -delete; echo "$path: Device or resource busy" >&2; failed=1 ;;
    ${scene}/*) /bin/rm -rf -- "$path" ;;
  esac
done
exit $failed`;

const SYSTEMCTL = `#!/bin/sh
[ "$1" != disable ] || [ -e ${UNIT_PATH} ]`;

beforeAll(() => {
  mkdirSync(path("bin"));
  writeFileSync(path("bin/rm"), RM, { mode: 0o755 });
  writeFileSync(path("bin/systemctl"), SYSTEMCTL, { mode: 0o755 });
});

function folder(name: string): string {
  mkdirSync(path(`${name}/version-2`), { recursive: true });
  writeFileSync(path(`${name}/version-2/log.1`), "");
  return path(name);
}

function contextFor(kind: string, args: JsonObject) {
  const world = new World(["zk1"]);
  const env = { ...process.env, PATH: `${path("bin")}:${process.env["PATH"]}` };
  world.host("zk1").answer = (text, given) =>
    execFileSync("sh", ["-c", text, "sh", ...given], { env, stdio: "pipe" }).toString();
  return contextOf({ id: kind, host: "zk1", kind, args, says: kind }, world);
}

const remove = ensembleHandlers["zk.remove"]!;

test("what is removed is gone, and removing it again is no mistake", async () => {
  const context = contextFor("zk.remove", { paths: [folder("home"), folder("data")] });
  expect(await remove.look(context)).toEqual({ done: false, found: `${path("home")}, ${path("data")} left` });
  await remove.apply(context);
  expect(await remove.look(context)).toEqual({ done: true, found: "nothing is left" });
  expect(existsSync(path("data"))).toBe(false);
  await expect(remove.apply(context)).resolves.toBeUndefined();
});

test("a mount point is emptied, and counts as gone; what comes after it goes too", async () => {
  const context = contextFor("zk.remove", { paths: [folder("mounted"), folder("log")] });
  expect(await remove.look(context)).toMatchObject({ done: false });
  await remove.apply(context);
  expect(await remove.look(context)).toMatchObject({ done: true });
  expect(existsSync(path("log"))).toBe(false);
});

test("an ensemble that was created half way is removed: its unit is not there to be disabled", async () => {
  const context = contextFor("zk.remove", { paths: [folder("home"), UNIT_PATH] });
  await remove.apply(context);
  expect(existsSync(path("home"))).toBe(false);
});

test("a release whose folder cannot be replaced is not taken for unpacked, and its archive stays", async () => {
  mkdirSync(path("release/lib"), { recursive: true });
  writeFileSync(path("release/lib/zookeeper-3.7.1.jar"), "");
  const archive = path("release.tar.gz");
  execFileSync("tar", ["-czf", archive, "-C", scene, "release"]);
  const runAs = userInfo().username;
  const args = { archive, home: folder("mounted-home"), version: "3.7.1", runAs };
  await expect(ensembleHandlers["zk.unpack"]!.apply(contextFor("zk.unpack", args))).rejects.toThrow(
    "Device or resource busy",
  );
  expect(existsSync(archive)).toBe(true);
});

test("a folder that the configuration names is made before, for the server's user: a log may move to another one", async () => {
  const folders = [path("logs/zookeeper")];
  const files = [{ path: path("zoo.cfg"), content: "", mode: "0644", owner: "zookeeper:" }];
  const context = contextFor("zk.configure", { files, runAs: userInfo().username, folders });
  await ensembleHandlers["zk.configure"]!.apply(context);
  expect(statSync(folders[0]!).mode & 0o777).toBe(0o750);
  expect(await ensembleHandlers["zk.configure"]!.look(context)).toMatchObject({ done: true });
});
