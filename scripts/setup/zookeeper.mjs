/**
 * ZooKeeper 3.7.1 as a tarball of the published layout, and a folder of 3.4.14, from their published jars.
 *
 * The release tarballs lie on a site that many machines cannot reach; the jars are in every Maven repository.
 * The scripts are those of Debian's package, which are ZooKeeper's own; Debian's `zkEnv.sh` fits its own paths
 * only, so ours stands in for it and finds conf/ and lib/ beside bin/ as the published one does.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { unpackZooKeeperScripts } from "./debian.mjs";
import * as paths from "./paths.mjs";
import { makeFolder, run } from "./steps.mjs";

const JARS = {
  [paths.NEW_ZOOKEEPER]: [
    "org.apache.zookeeper:zookeeper:3.7.1",
    "commons-cli:commons-cli:1.4",
    "org.eclipse.jetty:jetty-servlet:9.4.43.v20210629",
    "com.fasterxml.jackson.core:jackson-databind:2.13.2.1",
    "jline:jline:2.14.6",
    "io.dropwizard.metrics:metrics-core:4.1.12.1",
    "org.xerial.snappy:snappy-java:1.1.7.7",
    "org.slf4j:slf4j-reload4j:1.7.35",
    // 3.7.1's own is not in the repositories; this one works with it.
    "org.apache.zookeeper:zookeeper-prometheus-metrics:3.6.3",
  ],
  [paths.OLD_ZOOKEEPER]: ["org.apache.zookeeper:zookeeper:3.4.14", "org.slf4j:slf4j-log4j12:1.7.25"],
};
const SCRIPTS = ["zkServer.sh", "zkCli.sh", "zkCleanup.sh"];

export async function zookeeperReleases() {
  if (existsSync(paths.zookeeperDir())) {
    return `reused: ZooKeeper ${paths.NEW_ZOOKEEPER} (tarball) and ${paths.OLD_ZOOKEEPER} (folder)`;
  }
  await makeFolder(paths.zookeeperDir(), async (folder) => {
    const work = join(folder, ".work");
    mkdirSync(work);
    const debian = join(work, "debian");
    await unpackZooKeeperScripts(debian);

    const release = join(work, `apache-zookeeper-${paths.NEW_ZOOKEEPER}-bin`);
    await assemble(release, paths.NEW_ZOOKEEPER, debian, work);
    packTarball(release, join(folder, basename(paths.newZookeeperTarball())));

    const old = join(folder, basename(paths.oldZookeeperDir()));
    await assemble(old, paths.OLD_ZOOKEEPER, debian, work);
    const jar = `zookeeper-${paths.OLD_ZOOKEEPER}.jar`; // beside lib/, where 3.4 has it
    renameSync(join(old, "lib", jar), join(old, jar));

    rmSync(work, { recursive: true });
  });
  return `assembled ZooKeeper ${paths.NEW_ZOOKEEPER} (tarball) and ${paths.OLD_ZOOKEEPER} (folder)`;
}

async function assemble(release, version, debian, work) {
  const bin = join(release, "bin");
  const conf = join(release, "conf");
  mkdirSync(bin, { recursive: true });
  mkdirSync(conf);
  for (const script of SCRIPTS) {
    copyFileSync(join(debian, "usr/share/zookeeper/bin", script), join(bin, script));
    chmodSync(join(bin, script), 0o755);
  }
  const ours = join(paths.CHECKOUT, "scripts/setup/zookeeper-files");
  copyFileSync(join(ours, "zkEnv.sh"), join(bin, "zkEnv.sh"));
  chmodSync(join(bin, "zkEnv.sh"), 0o755);
  copyFileSync(join(ours, "log4j.properties"), join(conf, "log4j.properties"));
  const example = join(debian, "etc/zookeeper/conf_example");
  copyFileSync(join(example, "zoo.cfg"), join(conf, "zoo_sample.cfg"));
  copyFileSync(join(example, "configuration.xsl"), join(conf, "configuration.xsl"));
  cpSync(await jarsOf(version, work), join(release, "lib"), { recursive: true });
  writeFileSync(
    join(release, "README.md"),
    `ZooKeeper ${version}, assembled from its published jars and Debian's scripts for the lab of pulumi-zookeeper.\n`,
  );
}

async function jarsOf(version, work) {
  const project = join(work, `jars-${version}`);
  mkdirSync(project);
  const dependencies = JARS[version].map((coordinate) => {
    const [group, artifact, number] = coordinate.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${number}</version></dependency>`;
  });
  writeFileSync(
    join(project, "pom.xml"),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join("\n")}</dependencies></project>\n`,
  );
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"];
  await run("mvn", ["--batch-mode", "--no-transfer-progress", ...goal], {
    title: `fetching the jars of ZooKeeper ${version}`,
    cwd: project,
    remedy: "It needs a Maven repository: see ~/.m2/settings.xml.",
  });
  return join(project, "lib");
}

/** The same bytes on every machine, as far as tar and gzip can help it: the checksum is part of what is tested. */
function packTarball(release, tarball) {
  const uniform = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const bare = tarball.replace(/\.gz$/, "");
  execFileSync("tar", [...uniform, "-cf", bare, "-C", join(release, ".."), basename(release)]);
  execFileSync("gzip", ["--no-name", bare]);
  const sum = createHash("sha512").update(readFileSync(tarball)).digest("hex");
  writeFileSync(`${tarball}.sha512`, `${sum}  ${basename(tarball)}\n`);
}
