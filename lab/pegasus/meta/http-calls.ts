/** GET `/meta/*`: the same tables as the shell's, as JSON on one line. While the metas wait for recovery there are none, with status 200. */
import { app, apps } from "../answers/apps";
import { clusterInfo, nodes } from "../answers/cluster";
import { tablesJson } from "../answers/tables";
import { json } from "../server/common-calls";
import type { HttpResult } from "../server/http-server";
import type { ClusterView } from "../server/protocol";

/** How to answer a path, once it is clear that this meta may; undefined for a path that is not served. */
export function metaCalls(
  path: string,
  query: URLSearchParams,
): ((view: ClusterView) => HttpResult) | undefined {
  const detailed = query.has("detail");
  switch (path) {
    case "/meta/cluster":
      return (view) => json(Object.fromEntries(clusterInfo(view).pairs));
    case "/meta/nodes":
      return (view) => json(tablesJson(nodes(view, detailed)));
    case "/meta/apps":
      return (view) => json(tablesJson(apps(view, "http", { all: false, detailed })));
    case "/meta/app":
      return (view) => oneApp(view, query.get("name") ?? "", detailed);
    default:
      return undefined;
  }
}

function oneApp(view: ClusterView, name: string, detailed: boolean): HttpResult {
  const found = view.apps.find(
    (candidate) => candidate.app_name === name && candidate.status === "AVAILABLE",
  );
  if (found === undefined) return { status: 404, body: `table not found: "${name}"` };
  return json(tablesJson(app(found, "http", detailed)));
}
