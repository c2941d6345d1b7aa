/** On which host a cluster's shell is run: a text on any meta's that lets us in, a place of the user's own there alone. */
import { HostUnreachable } from "../../../core/engine/errors";
import { pegasusSchema } from "../../../core/pegasus/desired";
import { sketchPegasus } from "../../../core/pegasus/observe";
import { readClusterInfo } from "../../../core/pegasus/read/cluster-info";
import { askShell, askShellWithFile, type ShellPlace } from "../../../core/pegasus/shell";
import { World } from "../world";
import { recordedRun } from "./recorded";

const ANYWHERE: ShellPlace = { run: "run.sh shell", on: "pg-meta1", others: ["pg-meta2", "pg-meta3"] };

/** Hosts whose shell answers `cluster_info`. */
function hostsOf(...names: string[]): World {
  const world = new World(names);
  const { stdout } = recordedRun("shell_cluster_info.txt");
  for (const name of names) world.host(name).answer = (text) => (text.includes("run.sh shell") ? stdout : "");
  return world;
}

const ask = (world: World, place: ShellPlace) => askShell(world, place, "cluster_info", readClusterInfo);
const askedOn = (world: World) =>
  [...world.hosts.values()].filter(({ scripts }) => scripts.some(({ text }) => text.includes("run.sh")));

test("a text is frozen with every meta's host, a place of the user's own as it is", () => {
  const host = (name: string) => ({ connection: { host: name } });
  const metas = { "pg-meta1": host("10.0.2.1"), "pg-meta2": host("10.0.2.2"), "pg-meta3": host("10.0.2.3") };
  const of = (shell: unknown) =>
    sketchPegasus(
      pegasusSchema.parse({
        kind: "pegasus",
        metas,
        configPath: "/c",
        start: "a",
        stop: "b",
        shell,
        method: "copy",
      }),
    ).shell;
  expect(of("run.sh shell")).toEqual(ANYWHERE);
  expect(of({ run: "run.sh shell", on: "pg-meta2" })).toEqual({ run: "run.sh shell", on: "pg-meta2" });
});

test("it is asked on the next host where one is out of reach, or declared no longer", async () => {
  const world = hostsOf("pg-meta2", "pg-meta3");
  world.host("pg-meta2").down = "no route";
  expect(await ask(world, ANYWHERE)).toMatchObject({ ok: true });
  const options = { read: readClusterInfo, timeoutSeconds: 5 };
  expect(await askShellWithFile(world, ANYWHERE, "recover -f FILE", "a:1", options)).toMatchObject({
    ok: true,
  });
  expect(askedOn(world).map(({ name }) => name)).toEqual(["pg-meta3"]);
});

test("on one host alone where that lets us in, whatever the shell says", async () => {
  const world = hostsOf("pg-meta1", "pg-meta2", "pg-meta3");
  world.host("pg-meta1").answer = () => "no such shell";
  expect(await ask(world, ANYWHERE)).toMatchObject({ ok: false });
  expect(askedOn(world).map(({ name }) => name)).toEqual(["pg-meta1"]);
});

test("what was under way when its host was lost is not asked again on another", async () => {
  const world = hostsOf("pg-meta1", "pg-meta2", "pg-meta3");
  world.host("pg-meta1").answer = (text) => {
    if (text === "true") return "";
    throw new HostUnreachable("pg-meta1", "the connection was lost", "Try again.");
  };
  await expect(ask(world, ANYWHERE)).rejects.toThrow("pg-meta1: the connection was lost");
  expect(askedOn(world).map(({ name }) => name)).toEqual(["pg-meta1"]);
});

test("where none is left, each is named with what was found, and what to do", async () => {
  const world = hostsOf("pg-meta2");
  world.host("pg-meta2").down = "no route";
  await expect(ask(world, { ...ANYWHERE, others: ["pg-meta2"] })).rejects.toThrow(
    "pg-meta1, pg-meta2: found no way to run Pegasus's shell (pg-meta1: declared no longer; pg-meta2: no route); expected a host that " +
      "lets us in and runs it. Bring one of them back, or declare it again, and run the same command again.",
  );
});

test("a place of the user's own, and one of an old journal, has no other host: never taken for a host that is gone without", async () => {
  const world = hostsOf("pg-meta2");
  const asked = ask(world, { run: "run.sh shell", on: "pg-meta1" });
  await expect(asked).rejects.toThrow(HostUnreachable);
  await expect(asked).rejects.toThrow("pg-meta1: declared no longer");
  expect(askedOn(world)).toEqual([]);
});
