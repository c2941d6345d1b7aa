/**
 * Stand-in for Pegasus's meta server: `tsx lab/pegasus/meta.ts CONFIG.ini -app_list meta`.
 * See README.md for what it does as the real one does, and what it does not.
 */
import { MetaServer } from "./meta/meta-server";
import { startProcess } from "./server/process";

void startProcess("meta", process.argv.slice(2)).then((started) => new MetaServer(started).run());
