/**
 * Made from `config.ts` by `deno task docs`.
 *
 * @module
 */
import type { ByteSize, Duration } from "../shared/config/option.ts";

/** How an enqueuer is set up; what is left out has its default. */
export interface EnqueuerOptions {
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
   * The address to listen on. Closed to other machines unless changed. Allowed: a host name or an
   * IP address.
   * @default "127.0.0.1"
   */
  readonly host?: string | undefined;
  /**
   * The port to listen on; 0 picks one. Allowed: a whole number from 0 to 65535.
   * @default 8080
   */
  readonly port?: number | undefined;
  /**
   * Services whose queues are declared at start, so that requests for them are taken before their
   * first dequeuer runs. Allowed: names of 1 to 63 characters of a-z 0-9 . _ - that start with a
   * letter or digit, and not with proxymq-, which is reserved, with commas between them.
   */
  readonly services?: readonly string[] | undefined;
  /**
   * The service that gets every request whose path is none of ProxyMQ's own: callers change nothing
   * but the host. Allowed: a name of 1 to 63 characters of a-z 0-9 . _ - that start with a letter
   * or digit, and not with proxymq-, which is reserved.
   */
  readonly defaultService?: string | undefined;
  /**
   * How long a caller waits for the response, unless `Prefer: wait=N` or `grpc-timeout` says
   * otherwise; then 504. Allowed: a whole number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "30s"
   */
  readonly replyTimeout?: Duration | undefined;
  /**
   * What becomes of a caller for whom no response came in time. `error`: 504, and the request is
   * not forwarded any more. `respond-async`: 202, and the response can be fetched later, as with
   * `Prefer: respond-async`; every request then costs what an asynchronous one does. Allowed: one
   * of error, respond-async.
   * @default "error"
   */
  readonly onTimeout?: "error" | "respond-async" | undefined;
  /**
   * For how long the state and the response of a request that was answered with 202 can be asked
   * for after its end, and an `Idempotency-Key` holds. The same for every enqueuer of a broker.
   * Allowed: a whole number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "1h"
   */
  readonly resultTtl?: Duration | undefined;
  /**
   * The largest request body that is taken; above it 413. One over 4 MiB goes to the broker in
   * pieces while it is read, so that gigabytes take no memory here; the JSON of `/send` goes whole,
   * and takes 16 MiB at most. Allowed: a number of bytes up to 1099511627776, or with a unit:
   * 512KiB, 16MiB, 1GiB.
   * @default "16MiB"
   */
  readonly maxBodyBytes?: ByteSize | undefined;
  /**
   * Keys of which callers have to send one, as `Authorization: Bearer KEY`, for everything but
   * health. Without it anyone who reaches the port may call. Allowed: keys of visible characters,
   * with commas between them.
   */
  readonly apiKeys?: readonly string[] | undefined;
  /**
   * Keys for the routes below `/dead-letters`, sent as `Authorization: Bearer KEY`; one of them is
   * all that is needed there. Without it those routes are off. Allowed: keys of visible characters,
   * with commas between them.
   */
  readonly adminKeys?: readonly string[] | undefined;
  /**
   * The hosts that `ProxyMQ-Callback` may name. `*.example.com` is every host below example.com; a
   * host without a port is listed for the scheme's own. Addresses that are not public (private,
   * loopback, link-local ...) are connected to only if the host is such an address or `localhost`,
   * or the address is in a listed subnet. Without it callbacks are off. Allowed: hosts
   * (example.com, example.com:8443, *.example.com; https alone, unless written as
   * http://example.com) and subnets (10.0.0.0/8), with commas between them.
   */
  readonly callbackAllow?: readonly string[] | undefined;
  /**
   * What callbacks are signed with. With several each of them signs, so that receivers can change
   * from one to the next. Needed with `ENQUEUER_CALLBACK_ALLOW`. Allowed: secrets of Standard
   * Webhooks: whsec_ and 24 to 64 bytes in base64, with commas between them.
   */
  readonly callbackSecret?: readonly string[] | undefined;
  /**
   * How long the receiver of a callback may take. Allowed: a whole number with a unit: 500ms, 30s,
   * 5m, 1h, 1d.
   * @default "15s"
   */
  readonly callbackTimeout?: Duration | undefined;
  /**
   * How often a callback is tried before it becomes a dead letter of the service
   * `proxymq-callbacks`. Allowed: a whole number from 1 to 1000.
   * @default 15
   */
  readonly callbackMaxAttempts?: number | undefined;
  /**
   * The longest wait before a callback's first retry; it doubles with each further one. The wait is
   * random up to that, and no shorter than `Retry-After`. Allowed: a whole number with a unit:
   * 500ms, 30s, 5m, 1h, 1d.
   * @default "10s"
   */
  readonly callbackRetryBase?: Duration | undefined;
  /**
   * The longest wait before a callback's retry, and the most that `Retry-After` can ask for.
   * Allowed: a whole number with a unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "6h"
   */
  readonly callbackRetryMax?: Duration | undefined;
  /**
   * How long requests in flight may take to finish after SIGTERM. Allowed: a whole number with a
   * unit: 500ms, 30s, 5m, 1h, 1d.
   * @default "30s"
   */
  readonly drainTimeout?: Duration | undefined;
}
