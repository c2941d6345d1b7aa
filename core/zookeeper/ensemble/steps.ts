/**
 * Putting a release on a host: bring the archive, check it, unpack it, write the configuration.
 *
 * Everything is made under a name that starts with a dot and renamed when whole, so that an interrupted run leaves
 * nothing that looks installed. Nothing is unpacked whose SHA-512 was not checked on the host itself.
 */
import { createReadStream } from "node:fs";
import { Refusal, UserError } from "../../engine/errors";
import type { Handler, Sight } from "../../engine/step";
import { waitFor } from "../../engine/wait";
import type { HostAccess, World } from "../../transports/contract";
import { getText } from "../../transports/http";
import { UNIT_PATH, type ConfigFile } from "../config-files";

const FETCH_TIMEOUT_MS = 600_000;

export const ensembleHandlers: Readonly<Record<string, Handler<World>>> = {
  "zk.fetch": {
    async look({ step: { host, args }, world }) {
      if (await exists(world.host(host), `${args["home"]}/bin/zkServer.sh`)) {
        return { done: true, found: `${args["home"]} is there` };
      }
      return archiveIs(world.host(host), String(args["archive"]), String(args["sha512"]));
    },
    async apply({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const archive = String(args["archive"]);
      await host.run(["mkdir", "-p", String(args["installDir"])]);
      if (typeof args["url"] === "string") await download(host, args["url"], archive);
      else await host.writeStream(archive, createReadStream(String(args["path"])), { mode: "0600" });
      const sight = await archiveIs(host, archive, String(args["sha512"]));
      if (sight.done) return;
      await host.run(["rm", "-f", archive]);
      throw new Refusal([
        {
          where: `${name}: ${String(args["url"] ?? args["path"])}`,
          found: sight.found,
          expected: `SHA-512 ${args["sha512"]}`,
          next: "Compare distribution.sha512 with the .sha512 file published beside the release. Nothing was installed.",
        },
      ]);
    },
  },
  "zk.unpack": {
    async look({ step: { host, args }, world }) {
      const done = await exists(world.host(host), `${args["home"]}/bin/zkServer.sh`);
      return { done, found: done ? `${args["home"]} is there` : `no ${args["home"]}` };
    },
    async apply({ step: { host, args }, world, run }) {
      const given = ["archive", "home", "version", "runAs"].map((key) => String(args[key]));
      await world.host(host).script(UNPACK, [...given, run], { timeoutMs: 120_000 });
    },
  },
  "zk.configure": {
    async look({ step: { host, args }, world }) {
      for (const file of filesOf(args["files"])) {
        const content = await world.host(host).readFile(file.path);
        if (content?.toString("utf8") !== file.content)
          return { done: false, found: `${file.path} is different` };
      }
      return { done: true, found: "the files are as they should be" };
    },
    async apply({ step: { host, args }, world }) {
      const files = filesOf(args["files"]);
      await world.host(host).script(FOLDERS, [String(args["runAs"]), ...pathsOf(args["folders"])]);
      await Promise.all(
        files.map(({ path, content, mode, owner }) =>
          world.host(host).writeFile(path, content, { mode, owner }),
        ),
      );
      if (files.some((file) => file.path === UNIT_PATH)) {
        await world.host(host).script("systemctl daemon-reload && systemctl enable zookeeper");
      }
    },
  },
  "zk.metrics": {
    look: ({ step: { host, args }, world }) => metricsAnswer(world.host(host), Number(args["port"])),
    async apply({ step: { host, args }, world }) {
      await waitFor(() => metricsAnswer(world.host(host), Number(args["port"])), { timeoutMs: 30_000 });
    },
  },
  "zk.remove": {
    async look({ step: { host, args }, world }) {
      const { stdout } = await world.host(host).script(LEFT, pathsOf(args["paths"]));
      const left = stdout.trim().replaceAll("\n", ", ");
      return { done: left === "", found: left === "" ? "nothing is left" : `${left} left` };
    },
    async apply({ step: { host, args }, world }) {
      const paths = pathsOf(args["paths"]);
      const unit = paths.includes(UNIT_PATH);
      // An ensemble that was created half way, or removed half way, has none.
      if (unit) await world.host(host).script('[ ! -e "$1" ] || systemctl disable zookeeper', [UNIT_PATH]);
      await world.host(host).script(REMOVE, paths, { timeoutMs: 120_000 });
      if (unit) await world.host(host).script("systemctl daemon-reload");
    },
  },
};

/** A disk that is mounted where data lies stays, empty: a folder counts as gone once no file is in it. */
const HOLDS_FILES = `holds_files() { [ -n "$(find "$1" ! -type d -print -quit 2>/dev/null)" ]; }`;

const LEFT = `
${HOLDS_FILES}
for path in "$@"; do
  ! holds_files "$path" || echo "$path"
done`;

/** Of a mount point rm takes all that is in it, and then fails: "Device or resource busy". */
const REMOVE = `
${HOLDS_FILES}
for path in "$@"; do
  rm -rf -- "$path" || ! holds_files "$path" || exit 1
done`;

/** $1 archive $2 home $3 version $4 user $5 run. */
const UNPACK = `
set -e
archive=$1 home=$2 version=$3 user=$4 fresh="$(dirname "$2")/.unpack-$5"
id -u "$user" >/dev/null 2>&1 || useradd --system --home-dir "$(dirname "$home")" --shell /usr/sbin/nologin "$user"
rm -rf "$fresh" && mkdir -p "$fresh"
tar -xzf "$archive" -C "$fresh" --strip-components=1
if ! [ -e "$fresh/lib/zookeeper-$version.jar" ]; then
  echo "the archive holds no lib/zookeeper-$version.jar: it is not a binary release of ZooKeeper $version" >&2
  rm -rf "$fresh"; exit 1
fi
chown -R "$user:" "$fresh"
sync -f "$fresh"
rm -rf "$home"
mv "$fresh" "$home"
rm -f "$archive"`;

/** $1 user; then the folders that belong to it. */
const FOLDERS = `
set -e
user=$1; shift
for dir in "$@"; do
  mkdir -p "$dir"
  chown "$user:" "$dir"
  chmod 0750 "$dir"
done`;

async function download(host: HostAccess, url: string, archive: string): Promise<void> {
  const text = `
    if command -v curl >/dev/null; then exec curl -fsSL --retry 3 -o "$2" -- "$1"
    elif command -v wget >/dev/null; then exec wget -q -O "$2" -- "$1"
    else echo "neither curl nor wget is installed: give distribution.path instead of url" >&2; exit 1; fi`;
  await host.script(text, [url, archive], { timeoutMs: FETCH_TIMEOUT_MS });
}

async function archiveIs(host: HostAccess, archive: string, sha512: string): Promise<Sight> {
  const { code, stdout } = await host.run(["sha512sum", archive], { accept: "any", timeoutMs: 120_000 });
  if (code !== 0) return { done: false, found: "no archive" };
  const found = stdout.trim().split(/\s+/)[0] ?? "";
  return { done: found === sha512, found: `SHA-512 ${found}` };
}

async function metricsAnswer(host: HostAccess, port: number): Promise<Sight> {
  try {
    const { status } = await getText(host, port, "/metrics");
    return { done: status === 200, found: `HTTP ${status} from port ${port}` };
  } catch (error) {
    if (error instanceof UserError) return { done: false, found: error.message };
    throw error;
  }
}

async function exists(host: HostAccess, path: string): Promise<boolean> {
  return (await host.run(["test", "-x", path], { accept: [0, 1] })).code === 0;
}

function filesOf(value: unknown): readonly ConfigFile[] {
  return value as readonly ConfigFile[];
}

function pathsOf(value: unknown): string[] {
  return (value as readonly string[]).map(String);
}
