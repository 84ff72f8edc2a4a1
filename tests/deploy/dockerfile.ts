/** deploy/docker/Dockerfile, as the tests look at it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./manifests.ts";

export const dockerfile = readFileSync(join(root, "deploy/docker/Dockerfile"), "utf8");

/** Its stages by name. */
export const stages = new Map(
  dockerfile.split(/^(?=FROM )/m).slice(1).map((stage) => [
    /^FROM \S+ AS (\S+)/.exec(stage)?.[1] ?? "",
    stage,
  ]),
);

/** The images that are published. */
export const images = ["enqueuer", "dequeuer", "url-fetcher"] as const;
