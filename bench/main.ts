/** `npm run bench -- NAME`: measurements against real servers, each a command with a file of its own. */
import { Command } from "commander";
import { UserError } from "../core/engine/errors";
import { switchoverCommand } from "./switchover";
import { treeCommand } from "./tree";

const program = new Command("bench")
  .description(
    "Measures against real servers that it starts itself; prints the numbers and how they were made.",
  )
  .showHelpAfterError()
  .addCommand(switchoverCommand())
  .addCommand(treeCommand());

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof UserError ? `bench: ${error.message}` : error);
  process.exitCode = 1;
});
