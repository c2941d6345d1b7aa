/**
 * What runs in the provider process: the lifecycles, with their lines sent to the engine, and the two things that
 * process does not do by itself: to survive a broken pipe, and to end when its engine is gone.
 */
import { ensemble } from "../core/resources/ensemble";
import { migration } from "../core/resources/migration";
import { monitoring } from "../core/resources/monitoring";
import { repoint } from "../core/resources/repoint";
import { setProgressSink } from "../core/run/progress";
import { endWithEngine } from "./engine-gone";
import { engineAddress, engineLog } from "./engine-log";

export { ensemble, migration, monitoring, repoint };

const engine = engineAddress();
setProgressSink(engineLog(engine));
if (engine !== undefined) endWithEngine(engine);

// Without its engine nobody reads what we print, and every write fails: a run must not spin on that until it ends.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
