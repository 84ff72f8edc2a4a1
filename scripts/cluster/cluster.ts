import type { SoakBroker } from "../soak/broker.ts";
import type { Services } from "../soak/services.ts";

/** A node of a cluster. */
export interface ClusterNode {
  /** As the cluster has it. */
  readonly name: string;
  /** Where it listens, e.g. `127.0.0.1:5900`. */
  readonly host: string;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Starts it on the same data; resolves when it accepts connections. */
  start(): Promise<void>;
}

/** A replicated queue, and the nodes that it lives on, by their names. */
export interface ReplicatedQueue {
  readonly leader: string;
  /** The members that run and have all of it. */
  readonly online: readonly string[];
}

/** A cluster of nodes that nobody else uses. Disposing of it leaves nothing running. */
export interface Cluster<Node extends ClusterNode = ClusterNode> extends AsyncDisposable {
  readonly nodes: readonly Node[];
  /** The URL of them all. */
  readonly url: string;
  /** How long a caller waits for its response, as the enqueuer takes it: longer than a node's loss lasts. */
  readonly replyTimeout: string;
  /** A queue, as a node that runs sees it. */
  queue(name: string, seenBy: Node): Promise<ReplicatedQueue>;
  /** What a service has in it, once all nodes run. */
  broker(service: string): SoakBroker;
  /** The connections of the services to a node, if they tell of them. */
  connectionsTo?(node: Node, services: Services): Promise<readonly string[]>;
}

/** How a cluster is started. */
export interface ClusterOptions {
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

/** How many nodes a cluster has. */
export const size = 3;
