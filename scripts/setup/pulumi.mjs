/**
 * The Pulumi CLI with its Node language host: the one on PATH, else the vendor's through the npm launcher, else
 * built from Go modules and cached.
 *
 * The order is from least to most work. The vendor's site is asked with a short deadline first, because the
 * launcher itself waits without one. The dynamic-provider plugin has to lie beside the CLI: the engine looks for
 * plugins on PATH.
 */
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as paths from "./paths.mjs";
import { makeFolder, run, SetupStop } from "./steps.mjs";

const VENDOR_SITE = "https://get.pulumi.com/";
const VENDOR_DEADLINE_MS = 4_000;
const DOWNLOAD_DEADLINE_MS = 300_000;
/** Pulumi's own `replace` for the module that copies to the clipboard; `go get` of a package does not inherit it. */
const CLIPBOARD =
  "replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e";

export async function pulumi() {
  if (paths.pulumiBinDir()) {
    const { version, origin } = JSON.parse(readFileSync(paths.pulumiChoiceFile(), "utf8"));
    return `reused: Pulumi ${version}, ${origin}`;
  }
  const found = (await fromPath()) ?? (await fromCache()) ?? (await fromVendor()) ?? (await fromGoModules());
  mkdirSync(paths.cacheDir(), { recursive: true });
  const temporary = `${paths.pulumiChoiceFile()}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(found, null, 2)}\n`);
  renameSync(temporary, paths.pulumiChoiceFile());
  return `Pulumi ${found.version}, ${found.origin}: ${found.bin}`;
}

async function fromPath() {
  const cli = paths.onPath("pulumi");
  if (!cli || !paths.onPath("pulumi-language-nodejs")) return undefined;
  const version = await versionOf(cli);
  return version && { bin: dirname(cli), origin: "found on PATH", version };
}

async function fromCache() {
  const bin = join(paths.builtPulumiDir(), "bin");
  const version = existsSync(bin) ? await versionOf(join(bin, "pulumi")) : undefined;
  return version && { bin, origin: "built from Go modules earlier", version };
}

/** The launcher of the `pulumi` npm package downloads the vendor's build at its first use. */
async function fromVendor() {
  const require = createRequire(join(paths.CHECKOUT, "package.json"));
  const launcher = require.resolve("pulumi/package.json");
  const { version } = require(launcher);
  const { cacheDir } = require(join(dirname(launcher), "lib/cache.js"));
  const bin = join(cacheDir(version), "bin");
  if (!paths.isExecutable(join(bin, "pulumi"))) {
    const answers = await fetch(VENDOR_SITE, {
      method: "HEAD",
      signal: AbortSignal.timeout(VENDOR_DEADLINE_MS),
    }).then(
      () => true,
      () => false,
    );
    if (!answers) return undefined;
    try {
      await run(process.execPath, [join(dirname(launcher), "run.js"), "version"], {
        title: "pulumi download",
        timeoutMs: DOWNLOAD_DEADLINE_MS,
      });
    } catch {
      return undefined; // The build from Go modules does not need the vendor.
    }
  }
  const found = await versionOf(join(bin, "pulumi"));
  return found && { bin, origin: "the vendor's build, by the npm launcher", version: found };
}

async function fromGoModules() {
  const go =
    paths.onPath("go") ?? (paths.isExecutable("/usr/local/go/bin/go") ? "/usr/local/go/bin/go" : undefined);
  if (!go) {
    throw new SetupStop(
      `No pulumi on PATH, ${VENDOR_SITE} does not answer, and there is no Go to build it with. ` +
        "Put one of the three in reach: a Pulumi CLI on PATH is the shortest way.",
    );
  }
  console.log(
    "  pulumi         building the CLI from Go modules: 4 to 8 minutes on two cores, once on this machine",
  );
  await makeFolder(paths.builtPulumiDir(), async (folder) => {
    const bin = join(folder, "bin");
    await goBuild(go, folder, {
      name: "pulumi",
      from: `github.com/pulumi/pulumi/pkg/v3/cmd/pulumi`,
      version: paths.PULUMI_VERSION,
      extra: CLIPBOARD,
    });
    await goBuild(go, folder, {
      name: "pulumi-language-nodejs",
      from: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      version: paths.LANGUAGE_HOST_VERSION,
      extra: "",
    });
    const plugin = "pulumi-resource-pulumi-nodejs";
    copyFileSync(dynamicProviderPlugin(plugin), join(bin, plugin));
    chmodSync(join(bin, plugin), 0o755);
  });
  const bin = join(paths.builtPulumiDir(), "bin");
  const version = await versionOf(join(bin, "pulumi"));
  if (!version) throw new SetupStop(`The Pulumi CLI in ${bin} was built but does not start.`);
  return { bin, origin: "built from Go modules", version };
}

async function goBuild(go, folder, { name, from, version, extra }) {
  const module = join(folder, `module-${name}`);
  mkdirSync(module);
  writeFileSync(join(module, "go.mod"), `module local/${name}\n\ngo 1.23\n\n${extra}\n`);
  const options = {
    cwd: module,
    env: { ...process.env, GOFLAGS: "-mod=mod -buildvcs=false" },
    remedy: "It needs a Go module proxy (see GOPROXY) and Go 1.25 or newer.",
  };
  await run(go, ["get", `${from}@v${version}`], { ...options, title: `fetching the modules of ${name}` });
  const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
  const flags = ["-trimpath", "-ldflags", `-s -w ${stamp}`];
  await run(go, ["build", ...flags, "-o", join(folder, "bin", name), from], {
    ...options,
    title: `compiling ${name}`,
  });
}

function dynamicProviderPlugin(plugin) {
  const sdk = join(paths.CHECKOUT, "node_modules/@pulumi/pulumi");
  const place = [join(sdk, "dist", plugin), join(sdk, plugin)].find(existsSync);
  if (!place) throw new SetupStop(`@pulumi/pulumi holds no ${plugin}. Run: npm ci`);
  return place;
}

async function versionOf(cli) {
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout } = await promisify(execFile)(cli, ["version"], { timeout: 15_000, env });
    return stdout.trim().replace(/^v/, "");
  } catch {
    return undefined;
  }
}
