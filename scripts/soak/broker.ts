/** The brokers that a soak runs on, and what it can see of them. */

/** What is in a broker. What cannot be seen is left out. */
export interface BrokerState {
  readonly ready: number;
  readonly unacknowledged?: number;
  /** Waiting for their time: retries. */
  readonly delayed?: number;
  /** Of the service's queue. */
  readonly consumers: number;
  /** The names of the reply queues of all enqueuers. */
  readonly replyQueues?: readonly string[];
  /** How many connections ProxyMQ's processes have. */
  readonly connections?: number;
}

/** A request that stands in the dead letters. */
export interface DeadLetter {
  readonly path: string;
  readonly reason: string;
}

/** A broker of a soak. Disposing of it removes what belongs to the service. */
export interface SoakBroker extends AsyncDisposable {
  readonly url: string;
  /** For the report, e.g. `RabbitMQ at 127.0.0.1:5679`. */
  readonly shown: string;
  /** Stops it and starts it again on the same data. Missing where that is not ours to do. */
  readonly restart?: () => Promise<void>;
  /** What is in it, seen by a connection of its own, not by ProxyMQ's driver where that is possible. */
  look(): Promise<BrokerState>;
  /** Takes out the dead letters. */
  deadLetters(): Promise<DeadLetter[]>;
}

/** How a broker of a soak is had. */
export interface BrokerOptions {
  readonly service: string;
  /** An existing folder for SQLite's file. @default a temporary one */
  readonly folder?: string;
  readonly restart: boolean;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}
