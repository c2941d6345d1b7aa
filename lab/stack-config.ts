/** The stack configuration for a lab: written beside the inventory, removed with it. */
import type { Inventory } from "./inventory";

/** Nothing yet: the program's configuration decides the format. */
export function writeStackConfig(_inventory: Inventory): void {}
