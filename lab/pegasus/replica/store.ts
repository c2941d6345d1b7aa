/**
 * The replicas on a replica server's own disk: `<data_dir>/replica/reps/<app>.<partition>.pegasus/stand-in.json`,
 * one folder for each replica, as the real servers lay them out, so that a test loses a partition by
 * removing folders. A stand-in's replica holds its table and its ballot, and no records.
 */
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoredReplica } from "../server/protocol";

const FILE = "stand-in.json";

export class ReplicaStore {
  private readonly folder: string;

  constructor(dataDir: string) {
    this.folder = join(dataDir, "replica", "reps");
    mkdirSync(this.folder, { recursive: true });
  }

  /** Everything that can be read; a folder without its file is a lost replica. */
  load(): readonly StoredReplica[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(".pegasus"))
      .flatMap((name) => {
        try {
          return [JSON.parse(readFileSync(join(this.folder, name, FILE), "utf8")) as StoredReplica];
        } catch {
          return [];
        }
      });
  }

  /** Whole or not at all: a power cut leaves the former state. */
  save(replica: StoredReplica): void {
    const folder = join(this.folder, `${replica.gpid}.pegasus`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `.${FILE}`), JSON.stringify(replica));
    renameSync(join(folder, `.${FILE}`), join(folder, FILE));
  }
}
