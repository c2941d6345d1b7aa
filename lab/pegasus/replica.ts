/**
 * Stand-in for Pegasus's replica server: `tsx lab/pegasus/replica.ts CONFIG.ini -app_list replica`.
 * See README.md for what it does as the real one does, and what it does not.
 */
import { ReplicaServer } from "./replica/replica-server";
import { startProcess } from "./server/process";

void startProcess("replica", process.argv.slice(2)).then((started) => new ReplicaServer(started).run());
