import { CommandFailed, Refusal } from "../../../core/engine/errors";
import { deliverMonitoring, DeliveryLeftBehind } from "../../../core/monitoring/deliver";
import type { HostAccess, RunResult } from "../../../core/transports/contract";

const CONFIG = "/etc/prometheus/prometheus.yml";
const RULES = "/etc/prometheus/zookeeper/rules/zookeeper.yml";
const TARGETS = "/etc/prometheus/zookeeper/targets/zookeeper-servers.yml";
const FILES = [
  { path: "prometheus.yml", content: "own" },
  { path: "rules/zookeeper.yml", content: "new rules" },
  { path: "targets/zookeeper-servers.yml", content: "new targets" },
  { path: "textfile/zookeeper-srvr.sh", content: "#!/bin/bash" },
];
const OK: RunResult = { code: 0, stdout: `Checking ${RULES}\n SUCCESS`, stderr: "" };
const RELOAD = "systemctl reload prometheus";
const CHECK = `promtool check config ${CONFIG}`;

test("writes what differs, checks before it reloads, and says what changed", async () => {
  const host = new HostOfAMap({ [CONFIG]: "c", [RULES]: "old rules", [TARGETS]: "new targets" });
  expect(await deliverMonitoring(host.access(), FILES)).toEqual({ changed: [RULES] });
  expect(host.log).toEqual([
    CHECK,
    "mkdir -p -- /etc/prometheus/zookeeper/rules",
    `write ${RULES}`,
    CHECK,
    RELOAD,
  ]);
});

test("what is for the ZooKeeper hosts, and a prometheus.yml that nobody reads, are not delivered", async () => {
  const host = new HostOfAMap({ [CONFIG]: "c" });
  await deliverMonitoring(host.access(), FILES);
  expect([...host.files.keys()].sort()).toEqual([CONFIG, RULES, TARGETS].sort());
});

test("our own prometheus.yml is delivered where it is the one that is read", async () => {
  const own = "/etc/prometheus/zookeeper/prometheus.yml";
  const host = new HostOfAMap({});
  await deliverMonitoring(host.access(), FILES, { config: own, reload: ["kill", "-HUP", "7"] });
  expect(host.files.get(own)).toBe("own");
  // No check before the first file: there is no configuration yet.
  expect(host.log.slice(-2)).toEqual([`promtool check config ${own}`, "kill -HUP 7"]);
  expect(host.log.filter((entry) => entry.startsWith("promtool"))).toHaveLength(1);
});

test("nothing differs: still checked and reloaded, for the last run may have been cut off", async () => {
  const host = new HostOfAMap({ [CONFIG]: "c", [RULES]: "new rules", [TARGETS]: "new targets" });
  expect(await deliverMonitoring(host.access(), FILES)).toEqual({ changed: [] });
  expect(host.log).toEqual([CHECK, CHECK, RELOAD]);
});

test("a configuration that was broken before is refused and nothing is written", async () => {
  const host = new HostOfAMap(
    { [CONFIG]: "c" },
    { [CHECK]: [{ code: 1, stdout: "", stderr: "FAILED: bad" }] },
  );
  const refused = deliverMonitoring(host.access(), FILES);
  await expect(refused).rejects.toBeInstanceOf(Refusal);
  await expect(refused).rejects.toThrow(/FAILED: bad.*before anything was changed/s);
  expect(host.log).toEqual([CHECK]);
});

test("files that promtool refuses are taken back, new ones removed, and Prometheus is not reloaded", async () => {
  const host = new HostOfAMap(
    { [CONFIG]: "c", [RULES]: "old rules" },
    { [CHECK]: [OK, { code: 1, stdout: "", stderr: "FAILED: parse error" }] },
  );
  await expect(deliverMonitoring(host.access(), FILES)).rejects.toThrow(
    /parse error.*previous files are back/s,
  );
  expect(Object.fromEntries(host.files)).toEqual({ [CONFIG]: "c", [RULES]: "old rules" });
  expect(host.log).not.toContain(RELOAD);
});

test("a configuration that does not lead to our rules is refused with the lines to add", async () => {
  const host = new HostOfAMap({ [CONFIG]: "c" }, { [CHECK]: [OK, { ...OK, stdout: " SUCCESS" }] });
  await expect(deliverMonitoring(host.access(), FILES)).rejects.toThrow(`Add '${RULES}' to rule_files`);
  expect([...host.files.keys()]).toEqual([CONFIG]);
});

test("a reload that fails takes the files back and reloads once more", async () => {
  const host = new HostOfAMap(
    { [CONFIG]: "c", [RULES]: "old rules" },
    { [RELOAD]: [{ code: 1, stdout: "", stderr: "no such unit" }] },
  );
  await expect(deliverMonitoring(host.access(), FILES)).rejects.toBeInstanceOf(CommandFailed);
  expect(host.files.get(RULES)).toBe("old rules");
  expect(host.log.filter((entry) => entry === RELOAD)).toHaveLength(2);
});

test("when the way back fails too, both causes and the paths are said", async () => {
  const host = new HostOfAMap(
    { [CONFIG]: "c" },
    {
      [CHECK]: [OK, { code: 1, stdout: "", stderr: "FAILED: parse error" }],
      [`rm -f -- ${TARGETS}`]: [{ code: 1, stdout: "", stderr: "read-only file system" }],
    },
  );
  const left = deliverMonitoring(host.access(), FILES);
  await expect(left).rejects.toBeInstanceOf(DeliveryLeftBehind);
  await expect(left).rejects.toThrow(/parse error.*read-only file system.*zookeeper-servers\.yml/s);
});

/** A stand-in for a host: files in a map, and programs that answer what the test says, or as a healthy host would. */
class HostOfAMap {
  readonly files: Map<string, string>;
  readonly log: string[] = [];

  constructor(
    files: Record<string, string>,
    private readonly answers: Record<string, RunResult[]> = {},
  ) {
    this.files = new Map(Object.entries(files));
  }

  access(): HostAccess {
    const unused = () => Promise.reject(new Error("not part of a delivery"));
    return {
      name: "prom1",
      address: "10.77.0.90",
      run: (argv, options = {}) => this.run(argv, options.accept ?? [0]),
      readFile: (path) => Promise.resolve(this.read(path)),
      writeFile: (path, content) => {
        this.log.push(`write ${path}`);
        this.files.set(path, content.toString());
        return Promise.resolve({ bytes: content.length, sha256: "" });
      },
      script: unused,
      readStream: unused,
      writeStream: unused,
      dial: unused,
      hold: unused,
      inTurn: () => this.access(),
      close: () => Promise.resolve(),
    };
  }

  private read(path: string): Buffer | undefined {
    const content = this.files.get(path);
    return content === undefined ? undefined : Buffer.from(content);
  }

  private async run(argv: readonly string[], accept: readonly number[] | "any"): Promise<RunResult> {
    const command = argv.join(" ");
    this.log.push(command);
    const result =
      this.answers[command]?.shift() ?? (argv[0] === "promtool" ? OK : { code: 0, stdout: "", stderr: "" });
    if (accept !== "any" && !accept.includes(result.code))
      throw new CommandFailed("prom1", command, result.code, result.stderr);
    if (argv[0] === "rm") this.files.delete(argv.at(-1) ?? "");
    return result;
  }
}
