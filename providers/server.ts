/**
 * What runs in the provider process: the lifecycles, with their lines sent to the engine, and the two things that
 * process does not do by itself: to survive a broken pipe, and to end when its engine is gone.
 */
import { ensemble } from "../core/resources/ensemble";
import { migration } from "../core/resources/migration";
import { monitoring } from "../core/resources/monitoring";
import { repoint } from "../core/resources/repoint";
import { setProgressSink } from "../core/run/progress";
import { engineLog } from "./engine-log";

export { ensemble, migration, monitoring, repoint };

setProgressSink(engineLog());

// Without its engine nobody reads what we print, and every write fails: a run must not spin, or die, on that.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
