/** Copying, comparing, setting aside and removing subtrees over the wire: see docs of each function. */
export {
  compareTrees,
  type CompareRequest,
  type DifferenceKind,
  type TreeComparison,
  type TreeDifference,
} from "./compare";
export { copyTree, type CopyOptions, type CopyRequest, type TreeCopyResult } from "./copy";
export { dumpTree } from "./dump";
export { endpointOn, type Endpoint, type EndpointOptions, type Identity } from "./endpoint";
export { TreeStopped } from "./errors";
export { checkDump, loadTree, type DumpContents, type OpenDump } from "./load";
export type { TreeOptions } from "./options";
export { sayProgress, type TreeProgress } from "./progress";
export { removeTree } from "./remove";
export { surveyTree, type TreeSurvey } from "./survey";
