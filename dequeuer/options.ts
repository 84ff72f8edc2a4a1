/**
 * Made from `config.ts` by `deno task docs`.
 *
 * @module
 */
import type { ByteSize, Duration } from "../shared/config/option.ts";

/** How a dequeuer is set up; what is left out has its default. */
export interface DequeuerOptions {
  /**
   * The broker. `sqlite:FILE` is embedded and needs no server;
   * `amqp://user:password@host:5672/vhost` is RabbitMQ,
   * `amqp://user:password@a:5672,b:5672,c:5672/vhost` a cluster of it, whose nodes stand in for
   * each other; `redis://user:password@host:6379/0` is Redis or Valkey, `rediss://` over TLS;
   * `kafka://host:9092` is Kafka, 4.2 or later, with one host or several of a cluster. Allowed: a
   * URL that starts with amqp: amqps: ws: wss: redis: rediss: kafka: sqlite: memory:.
   * @default "sqlite:proxymq.db"
   */
  readonly brokerUrl?: string | undefined;
  /**
   * Where the states and responses of requests are kept that nobody waits for; the same for
   * enqueuers and dequeuers. In the broker unless set. Allowed: a URL that starts with amqp: amqps:
   * ws: wss: redis: rediss: kafka: sqlite: memory:.
   */
  readonly resultsUrl?: string | undefined;
  /**
   * The type of the queues that are declared on RabbitMQ; `classic-priority` are classic ones with
   * priorities, which quorum queues have since RabbitMQ 4. Allowed: one of quorum, classic,
   * classic-priority.
   * @default "quorum"
   */
  readonly rabbitmqQueueType?: "quorum" | "classic" | "classic-priority" | undefined;
  /**
   * The address that health and metrics listen on. Closed to other machines unless changed.
   * Allowed: a host name or an IP address.
   * @default "127.0.0.1"
   */
  readonly host?: string | undefined;
  /**
   * The port of health and metrics; 0 picks one. Allowed: a whole number from 0 to 65535.
   * @default 8081
   */
  readonly port?: number | undefined;
  /**
   * The service whose queue is consumed. Allowed: a name of 1 to 63 characters of a-z 0-9 . _ -
   * that start with a letter or digit, and not with proxymq-, which is reserved.
   */
  readonly service: string;
  /**
   * The microservice. A path in it is put before every request's path. Allowed: a URL that starts
   * with http: or https: and holds no password.
   */
  readonly targetUrl: string | URL;
  /**
   * The topics whose events (`POST /publish/{topic}`) this service gets, as patterns:
   * `order.*,inventory.#`. The same for all its instances, which share them. What was named here
   * before stays bound until it is named with `!` before it. Allowed: patterns such as order.*,
   * where * stands for a word and # for any number of words, or !order.* for one that is to be
   * bound no longer, with commas between them.
   */
  readonly topics?: readonly string[] | undefined;
  /**
   * Where the microservice takes events: `POST`. `{topic}` in it stands for the event's topic, as
   * in `/events/{topic}`. Allowed: a path that starts with /.
   * @default "/events"
   */
  readonly eventsPath?: string | undefined;
  /**
   * How many calls the microservice gets at once; no more requests are held by this dequeuer, so
   * others can take the rest (with batches, that many and one more). `auto` finds it, and follows
   * when it changes. Allowed: a whole number from 1 to 10000, or auto.
   * @default 32
   */
  readonly concurrency?: number | "auto" | undefined;
  /**
   * How many requests of the same method and path go to the microservice in one call, as a batch; 1
   * is a call for each. `auto` finds the best size up to 512, and follows when it changes. Allowed:
   * a whole number from 1 to 10000, or auto.
   * @default 1
   */
  readonly batchSize?: number | "auto" | undefined;
  /**
   * How long a request waits for others to fill its batch, milliseconds, while the microservice is
   * busy or callers are about to come again. When neither is so, it goes at once. Allowed: a whole
   * number from 0 to 60000.
   * @default 10
   */
  readonly batchLingerMs?: number | undefined;
  /**
   * Where the microservice takes batches: `POST`, a JSON array. Allowed: a path that starts with /.
   * @default "/batch"
   */
  readonly batchPath?: string | undefined;
  /**
   * What the array holds: `envelopes`, each with id, method, path, headers and body of a request;
   * or `bodies`, for requests whose bodies are JSON, just those. Allowed: one of envelopes, bodies.
   * @default "envelopes"
   */
  readonly batchFormat?: "envelopes" | "bodies" | undefined;
  /**
   * A header whose value the requests of a batch have to have in common, beside method and path: a
   * tenant, a model. Allowed: the name of a header.
   */
  readonly batchKeyHeader?: string | undefined;
  /**
   * The most that the bodies of a batch's requests may take together; a larger one goes alone.
   * Allowed: a number of bytes up to 536870912, or with a unit: 512KiB, 16MiB, 1GiB.
   * @default "4MiB"
   */
  readonly batchMaxBytes?: ByteSize | undefined;
  /**
   * How long the microservice may take for a request, if the caller waits that long. Allowed: a
   * whole number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "5m"
   */
  readonly timeout?: Duration | undefined;
  /**
   * How often a request is tried before it becomes a dead letter. A delivery whose dequeuer died
   * counts. Allowed: a whole number from 1 to 1000.
   * @default 5
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The statuses of the microservice that are failures and tried again; any other goes back to the
   * caller as it is. Allowed: statuses from 400 to 599, with commas between them.
   * @default ["408","425","429","502","503","504"]
   */
  readonly retryStatuses?: readonly string[] | undefined;
  /**
   * The longest wait before the first retry; it doubles with each further one. The wait is random
   * up to that, and no shorter than `Retry-After`. Allowed: a whole number with a unit: 500ms, 30s,
   * 5m, 1h, 1d.
   * @default "500ms"
   */
  readonly retryBase?: Duration | undefined;
  /**
   * The longest wait before a retry, and the most that `Retry-After` can ask for. Allowed: a whole
   * number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "1m"
   */
  readonly retryMax?: Duration | undefined;
  /**
   * For how long a response is remembered by this dequeuer: a request that comes again within that
   * time gets the same response and is not run again. Off unless set. Allowed: a whole number with
   * a unit: 500ms, 30s, 5m, 1h, 1d.
   */
  readonly dedupe?: Duration | undefined;
  /**
   * After so many failures in a row (no connection, no answer in time, 502, 503, 504) nothing is
   * consumed for a while; requests wait in the queue. Allowed: a whole number from 1 to 1000000.
   * @default 10
   */
  readonly breakerFailures?: number | undefined;
  /**
   * The same, when more than this percentage of the last 100 calls failed. Allowed: a whole number
   * from 1 to 99.
   * @default 50
   */
  readonly breakerRate?: number | undefined;
  /**
   * How long nothing is consumed then, before one request is let through as a probe. A probe that
   * fails uses up no attempt. Allowed: a whole number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "5s"
   */
  readonly breakerOpen?: Duration | undefined;
  /**
   * Asked each second; the queue is consumed only while it answers 2xx. So a microservice that
   * takes minutes to start loses nothing. Allowed: a URL that starts with http: or https: and holds
   * no password.
   */
  readonly targetHealthUrl?: string | URL | undefined;
  /**
   * What becomes of a request whose caller hangs up. `cancel`, as a plain HTTP proxy does, since
   * nobody waits for the response: it is not forwarded any more, and a call under way is aborted.
   * `finish`, for a microservice whose work has a value of its own: it runs to its end. Allowed:
   * one of cancel, finish.
   * @default "cancel"
   */
  readonly onDisconnect?: "cancel" | "finish" | undefined;
  /**
   * The largest response body that is passed on in one message; above it the caller gets 502. It
   * limits what is collected as a whole, as responses in batches are. What streams has no limit.
   * Allowed: a number of bytes up to 536870912, or with a unit: 512KiB, 16MiB, 1GiB.
   * @default "16MiB"
   */
  readonly maxBodyBytes?: ByteSize | undefined;
  /**
   * A larger response streams to a caller that waits for it: it is passed on as it comes, as fast
   * as the caller takes it. So does one that says no length and does not end at once, and one of a
   * type without an end, such as `text/event-stream`, however small. Allowed: a number of bytes up
   * to 536870912, or with a unit: 512KiB, 16MiB, 1GiB.
   * @default "256KiB"
   */
  readonly streamThreshold?: ByteSize | undefined;
  /**
   * How long requests in flight may take to finish after SIGTERM; the rest goes back to the queue.
   * Allowed: a whole number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "30s"
   */
  readonly drainTimeout?: Duration | undefined;
}
