import { commonVariables } from "../shared/config/common.ts";
import type { Config } from "../shared/config/config.ts";
import {
  byteSize,
  choice,
  duration,
  integer,
  integerOrAuto,
  list,
  listOf,
  port,
  text,
  url,
} from "../shared/config/variable.ts";
import { ownServiceNameForm, ownServiceNamePattern } from "../shared/service_name.ts";
import { bindingForm, parseBinding } from "../shared/topic.ts";
import { batchFormats } from "./batches/batch_request.ts";

const variables = {
  ...commonVariables,
  DEQUEUER_HOST: text(/^[\w.:-]+$/, "a host name or an IP address", {
    description: "The address that health and metrics listen on. Closed to other machines " +
      "unless changed.",
    default: "127.0.0.1",
  }),
  DEQUEUER_PORT: port({
    description: "The port of health and metrics; 0 picks one.",
    default: "8081",
  }),
  DEQUEUER_SERVICE: text(
    ownServiceNamePattern,
    `a name of ${ownServiceNameForm}`,
    { description: "The service whose queue is consumed.", required: true },
  ),
  DEQUEUER_TARGET_URL: url(["http:", "https:"], {
    description: "The microservice. A path in it is put before every request's path.",
    required: true,
  }),
  DEQUEUER_TOPICS: listOf(parseBinding, bindingForm, {
    description:
      "The topics whose events (`POST /publish/{topic}`) this service gets, as patterns: " +
      "`order.*,inventory.#`. The same for all its instances, which share them. What was named here " +
      "before stays bound until it is named with `!` before it.",
  }),
  DEQUEUER_EVENTS_PATH: text(/^\/[\x21-\x7e]*$/, "a path that starts with /", {
    description: "Where the microservice takes events: `POST`. `{topic}` in it stands for the " +
      "event's topic, as in `/events/{topic}`.",
    default: "/events",
  }),
  DEQUEUER_CONCURRENCY: integerOrAuto(1, 10_000, {
    description:
      "How many calls the microservice gets at once; no more requests are held by this " +
      "dequeuer, so others can take the rest (with batches, that many and one more). `auto` finds " +
      "it, and follows when it changes.",
    default: "32",
  }),
  DEQUEUER_BATCH_SIZE: integerOrAuto(1, 10_000, {
    description: "How many requests of the same method and path go to the microservice in one " +
      "call, as a batch; 1 is a call for each. `auto` finds the best size up to 512, and follows " +
      "when it changes.",
    default: "1",
  }),
  DEQUEUER_BATCH_LINGER_MS: integer(0, 60_000, {
    description: "How long a request waits for others to fill its batch, milliseconds, while the " +
      "microservice is busy or callers are about to come again. When neither is so, it goes at once.",
    default: "10",
  }),
  DEQUEUER_BATCH_PATH: text(/^\/[\x21-\x7e]*$/, "a path that starts with /", {
    description: "Where the microservice takes batches: `POST`, a JSON array.",
    default: "/batch",
  }),
  DEQUEUER_BATCH_FORMAT: choice(batchFormats, {
    description:
      "What the array holds: `envelopes`, each with id, method, path, headers and body " +
      "of a request; or `bodies`, for requests whose bodies are JSON, just those.",
    default: "envelopes",
  }),
  DEQUEUER_BATCH_KEY_HEADER: text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "the name of a header", {
    description: "A header whose value the requests of a batch have to have in common, beside " +
      "method and path: a tenant, a model.",
  }),
  DEQUEUER_BATCH_MAX_BYTES: byteSize(512 * 2 ** 20, {
    description: "The most that the bodies of a batch's requests may take together; a larger one " +
      "goes alone.",
    default: "4MiB",
  }),
  DEQUEUER_TIMEOUT: duration({
    description: "How long the microservice may take for a request, if the caller waits that long.",
    default: "5m",
  }),
  DEQUEUER_MAX_ATTEMPTS: integer(1, 1_000, {
    description: "How often a request is tried before it becomes a dead letter. A delivery whose " +
      "dequeuer died counts.",
    default: "5",
  }),
  DEQUEUER_RETRY_STATUSES: list(/^[45]\d\d$/, "statuses from 400 to 599", {
    description: "The statuses of the microservice that are failures and tried again; any other " +
      "goes back to the caller as it is.",
    default: "408,425,429,502,503,504",
  }),
  DEQUEUER_RETRY_BASE: duration({
    description: "The longest wait before the first retry; it doubles with each further one. The " +
      "wait is random up to that, and no shorter than `Retry-After`.",
    default: "500ms",
  }),
  DEQUEUER_RETRY_MAX: duration({
    description: "The longest wait before a retry, and the most that `Retry-After` can ask for.",
    default: "1m",
  }),
  DEQUEUER_DEDUPE: duration({
    description: "For how long a response is remembered by this dequeuer: a request that comes " +
      "again within that time gets the same response and is not run again. Off unless set.",
  }),
  DEQUEUER_BREAKER_FAILURES: integer(1, 1_000_000, {
    description: "After so many failures in a row (no connection, no answer in time, 502, 503, " +
      "504) nothing is consumed for a while; requests wait in the queue.",
    default: "10",
  }),
  DEQUEUER_BREAKER_RATE: integer(1, 99, {
    description: "The same, when more than this percentage of the last 100 calls failed.",
    default: "50",
  }),
  DEQUEUER_BREAKER_OPEN: duration({
    description: "How long nothing is consumed then, before one request is let through as a " +
      "probe. A probe that fails uses up no attempt.",
    default: "5s",
  }),
  DEQUEUER_TARGET_HEALTH_URL: url(["http:", "https:"], {
    description: "Asked each second; the queue is consumed only while it answers 2xx. So a " +
      "microservice that takes minutes to start loses nothing.",
  }),
  DEQUEUER_ON_DISCONNECT: choice(["cancel", "finish"], {
    description: "What becomes of a request whose caller hangs up. `cancel`, as a plain HTTP " +
      "proxy does, since nobody waits for the response: it is not forwarded any more, and a call " +
      "under way is aborted. `finish`, for a microservice whose work has a value of its own: it " +
      "runs to its end.",
    default: "cancel",
  }),
  DEQUEUER_MAX_BODY_BYTES: byteSize(512 * 2 ** 20, {
    description:
      "The largest response body that is passed on in one message; above it the caller " +
      "gets 502. It limits what is collected as a whole, as responses in batches are. What " +
      "streams has no limit.",
    default: "16MiB",
  }),
  DEQUEUER_STREAM_THRESHOLD: byteSize(512 * 2 ** 20, {
    description: "A larger response streams to a caller that waits for it: it is passed on as it " +
      "comes, as fast as the caller takes it. So does one that says no length and does not end at " +
      "once, and one of a type without an end, such as `text/event-stream`, however small.",
    default: "256KiB",
  }),
  DEQUEUER_DRAIN_TIMEOUT: duration({
    description: "How long requests in flight may take to finish after SIGTERM; the rest goes " +
      "back to the queue.",
    default: "30s",
  }),
};

/** The dequeuer's manual: its environment variables with what they mean. */
export const manual = {
  name: "dequeuer",
  summary: "Takes requests from a service's queue, calls the microservice, and sends the " +
    "responses back.",
  variables,
};

/** The dequeuer's configuration. */
export type DequeuerConfig = Config<typeof variables>;
