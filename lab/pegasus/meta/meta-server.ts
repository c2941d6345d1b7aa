/**
 * A stand-in meta server from its start to its end.
 *
 * Phases: `starting` (no ZooKeeper yet: `/meta/*` ends the process with 139, as it ends the real one),
 * `following`, `loading`, `waiting` (for `recover`), `leading`. Every way in which the real server ends by
 * itself is here: ZooKeeper unreachable, tables where recovery expected none, unknown replicas, session lost.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Calls, ClusterView, Reply } from "../server/protocol";
import type { HttpResult, RpcHandlers } from "../server/http-server";
import { serve } from "../server/http-server";
import { commonCalls, STARTED } from "../server/common-calls";
import { versionOf } from "../server/config";
import type { StandInProcess } from "../server/process";
import type { Node } from "../server/records";
import { Election } from "./election";
import { metaCalls } from "./http-calls";
import { Leader } from "./leader";
import { newApp } from "./new-app";
import { rebuild } from "./recovery";
import { followerCalls, leaderCalls, waitingCalls } from "./rpc";
import { MetaState } from "./state";
import { Storage } from "./storage";
import { Session } from "./zookeeper";

type Phase = "starting" | "following" | "loading" | "waiting" | "recovering" | "leading";

export class MetaServer {
  private phase: Phase = "starting";
  private election: Election | undefined;
  private leader: Leader | undefined;
  private storage: Storage | undefined;
  private leaderSince = 0;
  private readonly state: MetaState;

  constructor(private readonly process: StandInProcess) {
    this.state = new MetaState(process.config);
  }

  async run(): Promise<void> {
    const { config, log, port, self } = this.process;
    const common = commonCalls(config);
    await serve(
      port,
      (path, query) => common(path, query) ?? this.get(path, query),
      () => this.handlers(),
    );

    await pause(config.number("stand_in", "slow_start_ms", 0));
    const timeoutMs = config.number("zookeeper", "timeout_ms", 30_000);
    const session = await Session.open(config.text("zookeeper", "hosts_list", ""), timeoutMs, () =>
      this.sessionLost(),
    );
    if (session === undefined) {
      log.error("remote_storage_initialize()", "init meta_state_service failed, err = ERR_TIMEOUT");
      log.error("start()", "init remote storage failed, err = ERR_TIMEOUT");
      return log.fatal("start()", "ERR_TIMEOUT vs ERR_OK");
    }
    const root = config.text("meta_server", "cluster_root", "/");
    this.storage = new Storage(session, root, config.release);
    await this.orDie("ensure root", this.storage.ensureRoot());
    log.info("remote_storage_initialize()", `init meta_state_service succeed, cluster_root = ${root}`);

    const lockRoot = config.text("meta_server", "distributed_lock_service_parameters", root);
    this.election = new Election(session, lockRoot, self.name, log);
    this.phase = "following";
    await this.orDie(
      "enter election",
      this.election.enter(() => void this.lead()),
    );
    setInterval(() => this.state.checkNodes(this.graceMs()), this.seconds("fd_check_interval_seconds", 2));
  }

  private async lead(): Promise<void> {
    const { config, log, self } = this.process;
    const { storage } = this;
    if (storage === undefined) return;
    log.info(
      "start()",
      `${self.name}(${self.ip}) got the primary lock, start to recover server state from remote storage`,
    );
    this.phase = "loading";
    this.leaderSince = Date.now();
    const recover = config.flag("meta_server", "recover_from_replica_server", false);
    const apps = await this.orDie("load", storage.load());
    if (apps !== undefined && recover) {
      const expected = "[meta_server].recover_from_replica_server = true";
      return log.fatal("initialize_data_structure()", `find apps from remote storage, but ${expected}`);
    }
    if (apps === undefined && recover) {
      log.info(
        "start()",
        "can't find apps from remote storage, administrator should recover this cluster manually later",
      );
      this.phase = "waiting";
      return;
    }
    const loaded = apps ?? this.defaultApps();
    if (apps === undefined) {
      log.info(
        "initialize_data_structure()",
        "can't find apps from remote storage, start to initialize default apps",
      );
      await this.orDie("initialise", storage.initialise(loaded));
    }
    this.state.load(loaded);
    await this.startLeading(storage);
  }

  private async startLeading(storage: Storage): Promise<void> {
    await this.orDie("service roots", storage.ensureServiceRoots());
    this.leader = new Leader(this.process.config, this.state, storage, this.process.log);
    this.phase = "leading";
    this.leader.start();
    this.process.log.info("start()", "start meta_service succeed");
  }

  private async startRecovery(request: Calls["start-recovery"]["request"]): Promise<Reply<"start-recovery">> {
    const { storage } = this;
    if (this.phase !== "waiting" || storage === undefined)
      return { err: "ERR_SERVICE_ALREADY_RUNNING", hint: "" };
    this.phase = "recovering";
    const nodeOf = (name: string): Node => {
      const known = this.state.nodes.find((node) => node.name === name);
      return { name, ip: known?.ip ?? name };
    };
    const rebuilt = await rebuild(request, nodeOf, this.process.config.release);
    if (rebuilt.err !== "ERR_OK") {
      this.phase = "waiting";
      return { err: rebuilt.err, hint: rebuilt.hint };
    }
    await this.orDie("write the recovered tables", storage.initialise(rebuilt.apps));
    this.state.load(rebuilt.apps);
    await this.startLeading(storage);
    return { err: "ERR_OK", hint: rebuilt.hint };
  }

  private defaultApps() {
    const { config } = this.process;
    return config.sectionsBelow("meta_server.apps.").map((entries, index) => {
      const partitions = Number(entries.get("partition_count") ?? "4");
      const replicas = Number(entries.get("max_replica_count") ?? "3");
      const name = entries.get("app_name") ?? `app${index + 1}`;
      return newApp(index + 1, { name, partitions, replicas, initPartitions: -1 });
    });
  }

  /** A GET of `/meta/*`. */
  private get(path: string, query: URLSearchParams): HttpResult | undefined {
    const answer = metaCalls(path, query);
    if (answer === undefined) return undefined;
    if (this.phase === "starting") {
      process.stdout.write("got signal id: 11\n");
      process.exit(139);
    }
    if (this.phase === "following") {
      query.sort();
      const asked = query.size > 0 ? `?${query.toString()}` : "";
      const leader = this.election?.leader ?? "invalid host_port";
      return { status: 307, body: "", location: `http://${leader}${path}${asked}` };
    }
    return answer(this.view());
  }

  private handlers(): RpcHandlers {
    if (this.phase === "starting" || this.phase === "loading") return {};
    const info = () => ({
      err: "ERR_OK" as const,
      version: versionOf(this.process.config.release),
      started: STARTED,
    });
    if (this.phase === "following") return { ...followerCalls(() => this.election?.leader), info };
    const { leader } = this;
    return {
      ...(leader === undefined ? waitingCalls() : { ...leaderCalls(leader), view: () => this.viewReply() }),
      info,
      beacon: ({ node }) => {
        this.state.beacon(node);
        return {
          err: "ERR_OK",
          isMaster: true,
          primary: this.process.self.name,
          leaderSince: this.leaderSince,
        };
      },
      "start-recovery": (request) => this.startRecovery(request),
    };
  }

  private viewReply(): Reply<"view"> {
    return { err: "ERR_OK", view: this.view() };
  }

  private view(): ClusterView {
    const { config, self } = this.process;
    return {
      release: config.release,
      metaServers: config.list("meta_server", "server_list").join(","),
      primaryMetaServer: self.name,
      zookeeperHosts: config.text("zookeeper", "hosts_list", ""),
      zookeeperRoot: config.text("meta_server", "cluster_root", "/"),
      level: this.state.level,
      levelSet: this.state.levelSet,
      nodes: this.state.nodes,
      apps: [...this.state.apps.values()],
    };
  }

  private sessionLost(): void {
    this.process.log.error("on_lock_expired()", `${this.process.self.name}: leader lock expired`);
    process.exit(0);
  }

  private graceMs(): number {
    return this.seconds("fd_grace_seconds", 22);
  }

  private seconds(key: string, fallback: number): number {
    return this.process.config.number("replication", key, fallback) * 1000;
  }

  private async orDie<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      return this.process.log.fatal(what, String(error));
    }
  }
}
