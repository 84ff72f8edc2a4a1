/**
 * ProxyMQ puts a durable queue in front of any HTTP service. This is the library: the two services
 * in a process of one's own ({@link createEnqueuer}, {@link createDequeuer}), and what they are
 * built of ({@link openBroker}, {@link batch}).
 *
 * @module
 */
export { createEnqueuer, type EnqueuerHandle } from "./enqueuer/create_enqueuer.ts";
export type { EnqueuerOptions } from "./enqueuer/options.ts";
export { createDequeuer, type DequeuerHandle } from "./dequeuer/create_dequeuer.ts";
export type { DequeuerOptions } from "./dequeuer/options.ts";
export { type Batch, batch, type BatchOptions, type FlushReason } from "./dequeuer/batcher.ts";
export { openBroker } from "./shared/broker/open.ts";
export type * from "./shared/broker/broker.ts";
export * from "./shared/broker/errors.ts";
export type * from "./shared/results/result_store.ts";
export { ConfigError } from "./shared/config/config.ts";
export type { ByteSize, Duration } from "./shared/config/option.ts";
export type { HeaderTable } from "./shared/http/headers.ts";
export type { QueuedResponse, SpooledBody } from "./shared/message/envelope.ts";
export * from "./shared/spool/spool_store.ts";
