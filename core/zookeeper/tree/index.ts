/** Copying, comparing, setting aside and removing subtrees over the wire: see docs of each function. */
export { compareTrees } from "./compare";
export { copyTree } from "./copy";
export { dumpTree } from "./dump";
export { endpointOn, type Endpoint } from "./endpoint";
export { keepDump } from "./keep-dump";
export { checkDump, loadTree } from "./load";
export type { CopyOptions } from "./options";
export { treeArgs } from "./plan";
export { sayProgress } from "./progress";
export { removeTree } from "./remove";
export { copyAndProve } from "./steps";
export { surveyTree } from "./survey";
