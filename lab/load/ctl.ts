/** `tsx lab/load/ctl.ts pause|resume|repoint CONNECT|status|stop`: a command for the load that runs. */
import { give } from "./control";

give(process.argv.slice(2).join(" ")).then(
  (said) => console.log(said),
  (error: Error) => {
    console.error(`load: ${error.message}`);
    process.exitCode = 1;
  },
);
