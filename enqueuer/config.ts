import { commonVariables } from "../shared/config/common.ts";
import type { Config } from "../shared/config/config.ts";
import { byteSize, choice, duration, list, port, text } from "../shared/config/variable.ts";
import { callbackVariables } from "./callbacks/settings.ts";
import { ownServiceNameForm, ownServiceNamePattern } from "../shared/service_name.ts";

const keyPattern = /^[\x21-\x2b\x2d-\x7e]+$/;

const variables = {
  ...commonVariables,
  ENQUEUER_HOST: text(/^[\w.:-]+$/, "a host name or an IP address", {
    description: "The address to listen on. Closed to other machines unless changed.",
    default: "127.0.0.1",
  }),
  ENQUEUER_PORT: port({ description: "The port to listen on; 0 picks one.", default: "8080" }),
  ENQUEUER_SERVICES: list(ownServiceNamePattern, `names of ${ownServiceNameForm}`, {
    description: "Services whose queues are declared at start, so that requests for them are " +
      "taken before their first dequeuer runs.",
  }),
  ENQUEUER_DEFAULT_SERVICE: text(ownServiceNamePattern, `a name of ${ownServiceNameForm}`, {
    description: "The service that gets every request whose path is none of ProxyMQ's own: " +
      "callers change nothing but the host.",
  }),
  ENQUEUER_REPLY_TIMEOUT: duration({
    description: "How long a caller waits for the response, unless `Prefer: wait=N` or " +
      "`grpc-timeout` says otherwise; then 504.",
    default: "30s",
  }),
  ENQUEUER_ON_TIMEOUT: choice(["error", "respond-async"], {
    description: "What becomes of a caller for whom no response came in time. `error`: 504, and " +
      "the request is not forwarded any more. `respond-async`: 202, and the response can be fetched " +
      "later, as with `Prefer: respond-async`; every request then costs what an asynchronous one does.",
    default: "error",
  }),
  ENQUEUER_RESULT_TTL: duration({
    description: "For how long the state and the response of a request that was answered with " +
      "202 can be asked for after its end, and an `Idempotency-Key` holds. The same for every " +
      "enqueuer of a broker.",
    default: "1h",
  }),
  ENQUEUER_MAX_BODY_BYTES: byteSize(2 ** 40, {
    description:
      "The largest request body that is taken; above it 413. One over 4 MiB goes to the " +
      "broker in pieces while it is read, so that gigabytes take no memory here; the JSON of " +
      "`/send` goes whole, and takes 16 MiB at most.",
    default: "16MiB",
  }),
  ENQUEUER_API_KEYS: list(keyPattern, "keys of visible characters", {
    description: "Keys of which callers have to send one, as `Authorization: Bearer KEY`, for " +
      "everything but health. Without it anyone who reaches the port may call.",
    secret: "all",
  }),
  ENQUEUER_ADMIN_KEYS: list(keyPattern, "keys of visible characters", {
    description:
      "Keys for the routes below `/dead-letters`, sent as `Authorization: Bearer KEY`; " +
      "one of them is all that is needed there. Without it those routes are off.",
    secret: "all",
  }),
  ...callbackVariables,
  ENQUEUER_DRAIN_TIMEOUT: duration({
    description: "How long requests in flight may take to finish after SIGTERM.",
    default: "30s",
  }),
};

/** The enqueuer's manual: its environment variables with what they mean. */
export const manual = {
  name: "enqueuer",
  summary: "Takes HTTP requests, puts them into a service's queue, and returns the responses.",
  variables,
};

/** The enqueuer's configuration. */
export type EnqueuerConfig = Config<typeof variables>;
