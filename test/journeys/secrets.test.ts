/**
 * Secrets are planted (an SSH key with its passphrase, ClickHouse's password, the digest with which ClickHouse logs in
 * to ZooKeeper) and looked for wherever a preview, an up and a destroy leave something: what they print, Pulumi's
 * state and plan, the disks of every host with journals and logs, and the command lines of all processes meanwhile.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLICKHOUSE_SERVICE, METRIKA_XML, untilWritable } from "../../lab/clickhouse";
import { checkout, hostDir } from "../../lab/layout";
import { commandLineOf, everyPid } from "../../lab/processes";
import { STACK_NAME } from "../../lab/stack-config";
import { ended } from "./harness/expect";
import { useStage } from "./harness/stage";

const PASSPHRASE = "planted-passphrase-0a51";
const PASSWORD = "planted-password-7c2e";
const IDENTITY = "planted:digest-93bd";
const USERS_XML = "/etc/clickhouse-server/users.d/planted.xml";

const stage = useStage({ znodes: 100 });
const folder = mkdtempSync(join(tmpdir(), "planted-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("nothing that is secret is left or shown anywhere", async () => {
  const keyFile = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", keyFile]);
  const key = readFileSync(keyFile, "utf8").split("\n")[2] ?? "";
  const plants = [PASSPHRASE, PASSWORD, IDENTITY, key];
  await letIn(readFileSync(`${keyFile}.pub`, "utf8"));
  await guardClickHouse();
  stage.configure((config) => {
    const { clickhouse } = config.consumers as Record<string, Record<string, unknown>>;
    Object.assign(clickhouse!, { query: { user: "planted" } });
    config.ssh = { user: "root", privateKeyFile: keyFile };
  });
  // As the documentation has it: Pulumi keeps the configuration in its state, as it stands in the file.
  setSecret("sshPrivateKeyPassword", PASSPHRASE);
  setSecret("clickhousePassword", PASSWORD);

  // Where they were planted.
  const planted = new Set(foundOnDisks(plants));
  const added = () => foundOnDisks(plants).filter((path) => !planted.has(path));
  const watch = watchCommandLines(plants);
  const planFile = join(stage.pulumi.folder, "plan.json");
  const printed = [
    ended(await stage.pulumi.preview(["--diff", "--save-plan", planFile])),
    ended(await stage.pulumi.up(["--diff", "--plan", planFile])),
    await stage.pulumi.export(),
    JSON.stringify(await stage.pulumi.outputs()),
  ];
  const left = { disks: added(), state: foundBelow(stage.pulumi.folder, plants) };
  printed.push(ended(await stage.pulumi.destroy(["--diff"])));
  const seen = watch.end();

  expect(plants.filter((plant) => printed.some((text) => text.includes(plant)))).toEqual([]);
  expect(left).toEqual({ disks: [], state: [] });
  expect(added()).toEqual([]);
  expect(foundBelow(stage.pulumi.folder, plants)).toEqual([]);
  expect(seen.found).toEqual([]);
  // The plants were there, the diff to leak from too, and there were command lines to look at.
  expect(planted).toContain(`ck1:${METRIKA_XML}`);
  expect(planted).toContain(`ck2:${USERS_XML}`);
  expect(printed[0]).toContain("<identity>");
  expect(seen.looks).toBeGreaterThan(20);
});

function setSecret(key: string, value: string): void {
  execFileSync("pulumi", ["config", "set", "--secret", key, "--stack", STACK_NAME], {
    cwd: checkout(),
    env: { ...process.env, ...stage.pulumi.env },
    input: value,
  });
}

async function letIn(publicKey: string): Promise<void> {
  const script = 'printf "%s" "$1" > /root/.ssh/authorized_keys';
  await Promise.all(
    stage.lab.specs.map(({ name }) => stage.lab.host(name).exec(["sh", "-c", script, "sh", publicKey])),
  );
}

/** A user with a password, and a digest for ZooKeeper beside the nodes that will be edited. */
async function guardClickHouse(): Promise<void> {
  const users = `<yandex><users><planted><password>${PASSWORD}</password><networks><ip>::/0</ip></networks>
<profile>default</profile><quota>default</quota></planted></users></yandex>`;
  const script = `mkdir -p "$(dirname "$1")"; printf "%s" "$2" > "$1"
sed -i "s,<zookeeper-servers>,<zookeeper-servers><identity>$4</identity>," "$3"; ${CLICKHOUSE_SERVICE} restart`;
  for (const { name } of stage.clickhouse) {
    const argv = ["sh", "-c", script, "sh", USERS_XML, users, METRIKA_XML, IDENTITY];
    const { code, stderr } = await stage.lab.host(name).exec(argv);
    if (code !== 0) throw new Error(stderr);
  }
  await untilWritable(stage.clickhouse);
}

/** Where copies of what is edited belong: its originals, kept for root alone, and those ClickHouse makes for itself. */
const COPIES = [
  /^\/var\/lib\/pulumi-zookeeper\/[^/]+\/originals\//,
  /^\/var\/lib\/clickhouse\/preprocessed_configs\//,
];

/** Files of the hosts that hold a plant, but for the copies. */
function foundOnDisks(plants: readonly string[]): string[] {
  return stage.lab.specs.flatMap(({ name }) =>
    foundBelow(join(hostDir(name), "upper"), plants)
      .filter((path) => !COPIES.some((copies) => copies.test(path)))
      .map((path) => `${name}:${path}`),
  );
}

function foundBelow(root: string, plants: readonly string[]): string[] {
  const patterns = plants.flatMap((plant) => ["-e", plant]);
  const { status, stdout, stderr } = spawnSync("grep", ["-rlaF", ...patterns, root], { encoding: "utf8" });
  if (status === null || status > 1) throw new Error(stderr);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((path) => path.slice(root.length));
}

/** Looks at the arguments of every process of the machine, the hosts' included, again and again. */
function watchCommandLines(plants: readonly string[]): { end(): { looks: number; found: string[] } } {
  const found = new Set<string>();
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    for (const pid of everyPid()) {
      const line = commandLineOf(pid);
      if (plants.some((plant) => line.includes(plant))) found.add(line);
    }
  }, 50);
  return {
    end: () => {
      clearInterval(timer);
      return { looks, found: [...found] };
    },
  };
}
