/**
 * The lab's Pegasus stand-in against the recordings of real servers: the same commands, and every answer
 * of the same shape.
 *
 * Shape: the same lines, tables, columns, keys and status, with addresses, times, counts and versions
 * masked and columns pulled together. How the servers fail is pegasus-stand-in-failures.test.ts.
 */
import { readClusterInfo } from "../../core/pegasus/read/cluster-info";
import { readShell } from "../../core/pegasus/read/shell";
import { recordedReply, recordedRun, recordedText } from "../unit/pegasus/recorded";
import { PegasusCluster, get, until } from "./pegasus-cluster";
import { type Scene, openScene } from "./pegasus-scene";

jest.setTimeout(30_000);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.close());

describe("the shape of every answer", () => {
  const same = (name: string, command: string) => [name, command] as const;

  test.each([
    same("shell_version.txt", "version"),
    same("shell_cluster_info.txt", "cluster_info"),
    same("shell_cluster_info_j.txt", "cluster_info -j"),
    same("shell_nodes.txt", "nodes"),
    same("shell_nodes_d.txt", "nodes -d"),
    same("shell_nodes_d_j.txt", "nodes -d -j"),
    same("shell_nodes_d_o.txt", "nodes -d -o nodes.out"),
    same("shell_nodes_d_j_o.txt", "nodes -d -j -o nodesj.out"),
    same("shell_ls.txt", "ls"),
    same("shell_ls_a.txt", "ls -a"),
    same("shell_ls_j.txt", "ls -j"),
    same("shell_ls_d_j.txt", "ls -d -j"),
    same("shell_ls_d_o.txt", "ls -d -o ls.out"),
    same("shell_ls_d_j_o.txt", "ls -d -j -o lsj.out"),
    same("shell_app_d.txt", "app t1 -d"),
    same("shell_app_unknown.txt", "app nosuch -d"),
    same("shell_bad_option.txt", "nodes -z"),
    same("shell_get_meta_level.txt", "get_meta_level"),
    same("shell_set_meta_level_noarg.txt", "set_meta_level"),
    same("shell_set_meta_level_wrong.txt", "set_meta_level frozen"),
    same("shell_set_meta_level_blind.txt", "set_meta_level blind"),
    same("shell_get_meta_level_blind.txt", "get_meta_level"),
    same("shell_cluster_info_blind.txt", "cluster_info"),
    same("shell_nodes_d_blind.txt", "nodes -d"),
    same("shell_set_meta_level_steady.txt", "set_meta_level steady"),
    same("shell_recover_noarg.txt", "recover"),
    same("shell_recover_nofile.txt", "recover -f nosuch.txt"),
    same("shell_recover_badhost_not_in_mode.txt", "recover -f badhost.txt"),
    same("shell_recover_badport_not_in_mode.txt", "recover -f badport.txt"),
    same("shell_recover_not_in_recover_mode.txt", "recover -f good.txt"),
    same("shell_server_info.txt", "server_info"),
    same("shell_server_info_meta.txt", "server_info -t meta-server"),
    same("shell_server_info_replica.txt", "server_info -t replica-server"),
  ])("%s", async (name, command) => {
    const real = recordedRun(name);
    const ours = await scene.cluster.shellMerged(command);
    expect(shape(ours.stdout)).toEqual(shape(real.stdout));
    expect(ours.code).toBe(real.code);
    const output = / -o (\S+)/.exec(command)?.[1];
    expect(shape(output === undefined ? "" : scene.cluster.file(output))).toEqual(shape(real.written));
  });

  test("shell_unknown_command.txt: the shell aborts in its help, which is longer there", async () => {
    const real = recordedRun("shell_unknown_command.txt");
    const ours = await scene.cluster.shellMerged("clusterinfo");
    expect(ours.code).toBe(real.code);
    const ends = (text: string) => [...shape(text).slice(0, 14), ...shape(text).slice(-2)];
    expect(ends(ours.stdout)).toEqual(ends(real.stdout));
  });

  test.each([
    ["http_primary_cluster.txt", 0, "/meta/cluster"],
    ["http_primary_nodes.txt", 0, "/meta/nodes"],
    ["http_primary_apps.txt", 0, "/meta/apps"],
    ["http_primary_apps_detail.txt", 0, "/meta/apps?detail"],
    ["http_primary_app.txt", 0, "/meta/app?name=t1"],
    ["http_primary_app_detail.txt", 0, "/meta/app?name=t1&detail"],
    ["http_primary_app_nosuch.txt", 0, "/meta/app?name=nosuch&detail"],
    ["http_primary_config_hosts_list.txt", 0, "/config?name=hosts_list"],
    ["http_primary_config_unknown.txt", 0, "/config?name=nosuch"],
    ["http_primary_version.txt", 0, "/version"],
    ["http_primary_recentStartTime.txt", 0, "/recentStartTime"],
    ["http_primary_unknown.txt", 0, "/nosuch"],
    ["http_backup_cluster.txt", 1, "/meta/cluster"],
    ["http_backup_nodes_detail.txt", 1, "/meta/nodes?detail"],
    ["http_backup_app_detail.txt", 1, "/meta/app?name=t1&detail"],
    ["http_backup_apps.txt", 1, "/meta/apps"],
    ["http_backup_config_hosts_list.txt", 1, "/config?name=hosts_list"],
    ["http_backup_config_cluster_root.txt", 1, "/config?name=cluster_root"],
    ["http_backup_config_recover.txt", 1, "/config?name=recover_from_replica_server"],
    ["http_replica_config.txt", 2, "/config?name=server_list"],
    ["http_replica_version.txt", 2, "/version"],
  ])("%s", async (name, server, path) => {
    const ours = await get([...scene.cluster.metas, ...scene.cluster.replicas][server] ?? "", path);
    const real = recordedReply(name);
    expect(ours && { ...ours, headers: mask(JSON.stringify(ours.headers)), body: mask(ours.body) }).toEqual({
      ...real,
      headers: mask(JSON.stringify(real.headers)),
      body: mask(real.body),
    });
  });

  test("zk_dump_full.txt: the same nodes with the same keys", async () => {
    const real = [...recordedText("zk_dump_full.txt").matchAll(/^(\/\S+)\n {2}data\[\d+\]=b'(.*)'$/gm)];
    for (const [, path = "", data = ""] of real.filter(([, path]) => !path?.includes("LOCKNODE"))) {
      const ours = (await scene.session.get(path)) ?? `no ${path}`;
      expect([path, keysOf(ours)]).toEqual([path, keysOf(data)]);
    }
    const lock = "/pegasus/onebox/lock/dsn.meta.server.leader";
    const queue = await scene.session.children(lock);
    expect([...queue].sort().map((name) => name.replace(/\d{10}$/, "N"))).toEqual(["LOCKNODEN", "LOCKNODEN"]);
    const owners = await Promise.all([...queue].sort().map((name) => scene.session.get(`${lock}/${name}`)));
    expect(owners).toEqual(scene.cluster.metas);
  });

  test("2.5: no atomic_idempotent, balance operations on one line, ip:port", async () => {
    const other = await PegasusCluster.create();
    try {
      const meta = other.meta(0, { hosts: scene.hosts, root: "/pegasus/older", release: "2.5" });
      await until(
        "a leader",
        async () =>
          (await get(meta.address, "/version")) && /start meta_service succeed/.test(other.logOf(meta)),
      );
      const ls = await other.shell("ls", "2.5");
      expect(ls.stdout).toMatch(/^app_id .* envs_count *$/m);
      const info = readShell(await other.shell("cluster_info", "2.5"), readClusterInfo);
      expect(info).toMatchObject({
        ok: true,
        value: { primaryMetaServer: meta.address.replace("localhost", "127.0.0.1") },
      });
      expect(keysOf((await scene.session.get("/pegasus/older/apps/1/0")) ?? "")).not.toContain("hp_primary");
    } finally {
      await other.remove();
    }
  });
});

/** Lines without what differs from cluster to cluster. */
function shape(text: string): readonly string[] {
  return mask(text).split("\n");
}

function mask(text: string): string {
  return text
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/^W[\d-]+ [\d:.]+ \(\d+ \d+\) /gm, "W ")
    .replace(/\d+\.\d+\.\d+-(?:SNAPSHOT|stand-in)/g, "VERSION")
    .replace(/"build_type": "[^"]*"/g, '"build_type": "BUILD"')
    .replace(/\((?:[0-9a-f]{40}|stand-in)\) \S+$/gm, "(COMMIT) BUILD")
    .replace(/"(?:[0-9a-f]{40}|stand-in)"/g, '"COMMIT"')
    .replace(/\d{4}-\d\d-\d\d[_ ]\d\d:\d\d:\d\d(?:\.\d+)?/g, "TIME")
    .replace(/(?:pg-\w+|localhost|127\.0\.\d\.\d+):\d+/g, "ADDRESS")
    .replace(/'[^']*pegasus_shell\.data\/log'/g, "'PATH'")
    .replace(/\d+\.\d\d/g, "N")
    .replace(/\d+/g, "N")
    .replace(/[ \t]+$/gm, "")
    .replace(/ {2,}/g, "  ")
    .trim();
}

function keysOf(data: string): readonly string[] | string {
  return data.startsWith("{") ? Object.keys(JSON.parse(data) as object) : data;
}
