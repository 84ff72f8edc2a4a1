/**
 * `deno task demo`: the whole way of a request in one process, on the embedded broker.
 *
 * @module
 */
import { manual as dequeuerManual } from "../dequeuer/config.ts";
import { startDequeuer } from "../dequeuer/dequeuer.ts";
import { manual as enqueuerManual } from "../enqueuer/config.ts";
import { startEnqueuer } from "../enqueuer/enqueuer.ts";
import { startUrlFetcher } from "../examples/url_fetcher/main.ts";
import { ConfigError, loadConfig } from "../shared/config/config.ts";
import { configureLog } from "../shared/log.ts";
import { termination } from "../shared/lifecycle.ts";
import { args, exit, readEnv } from "../shared/runtime.ts";

const help = `Starts an enqueuer (8080), a dequeuer (8081) and the url-fetcher example (8082) in one
process on the embedded broker, sends one request through the queue, and stays up until Ctrl-C.

Usage: deno task demo [--once]

  --once   stop after the first response: exit code 0, or 1 if it did not come

BROKER_URL, and the other variables of enqueuer and dequeuer, are taken from the environment.
`;

const service = "url-fetcher";
const fetcherUrl = "http://127.0.0.1:8082";

/** How long the demo waits for the services, and for the response, milliseconds. */
const patienceMs = 20_000;

async function demo(once: boolean): Promise<number> {
  const terminated = termination();
  const env = (name: string) =>
    readEnv(name) ||
    { DEQUEUER_SERVICE: service, DEQUEUER_TARGET_URL: fetcherUrl }[name];
  const enqueuerConfig = loadConfig(enqueuerManual.variables, env);
  const dequeuerConfig = loadConfig(dequeuerManual.variables, env);
  await configureLog({ level: "warning", forPeople: true });

  await using stack = new AsyncDisposableStack();
  stack.use(await startUrlFetcher({ port: 8082, allowPrivate: ["127.0.0.1"] }));
  const enqueuer = await startEnqueuer(enqueuerConfig);
  stack.defer(() => enqueuer.close(AbortSignal.timeout(5_000)));
  const dequeuer = await startDequeuer(dequeuerConfig);
  stack.defer(() => dequeuer.close(AbortSignal.timeout(5_000)));
  await within(Promise.all([enqueuer.ready, dequeuer.ready]), "the broker");

  const front = enqueuer.server.url;
  const url = `${front}/proxy/${service}/fetch`;
  const page = `${front}/docs/`;
  console.log(`
  enqueuer      ${front}         takes requests, docs at ${page}
  dequeuer      ${dequeuer.server.url}         consumes ${service}_requests
  url-fetcher   ${fetcherUrl}         the microservice; knows nothing of queues
  broker        ${shownUrl(enqueuerConfig.BROKER_URL)}

POST ${url}
     {"url":"${page}"}
`);
  const start = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: page }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const body = await response.text();
  const total = performance.now() - start;
  console.log(`HTTP ${response.status} ${response.headers.get("content-type")}\n${body}\n`);
  if (!response.ok) return 1;
  const seconds = await timings(dequeuer.server.url);
  console.log(`What happened on its way, ${total.toFixed(1)} ms in all:
  1. the enqueuer made a message of it and put it into the queue ${service}_requests, confirmed
  2. the dequeuer got it ${seconds.queue} after it was accepted
  3. the dequeuer called ${fetcherUrl}/fetch, published the response
     to the enqueuer's reply queue, and settled the message: ${seconds.processing}
  4. the enqueuer gave the waiting caller that response
`);
  if (once) return 0;
  console.log(`Try next:
  curl -i ${url} --json '{"url":"https://example.com/"}'
  curl -i ${front}/proxy/${service}/health
  curl -i ${front}/proxy/no-such-service/

Ctrl-C ends it.`);
  await terminated;
  return 0;
}

/** Without user, password and parameters. */
function shownUrl(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, "//").replace(/[?#].*$/s, "");
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${what} was not ready within ${patienceMs / 1000} s`)),
    patienceMs,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The sums of the dequeuer's histograms: after one request, that request's times. */
async function timings(dequeuerUrl: string): Promise<{ queue: string; processing: string }> {
  const metrics = await (await fetch(`${dequeuerUrl}/metrics`)).text();
  const ms = (name: string) => {
    const [, seconds] = new RegExp(`^dequeuer_${name}_latency_seconds_sum\\S* (\\S+)`, "m")
      .exec(metrics) ?? [];
    return `${(Number(seconds) * 1000).toFixed(1)} ms`;
  };
  return { queue: ms("queue"), processing: ms("processing") };
}

const [argument] = args;
if (argument === "--help" || argument === "-h") {
  console.log(help);
  exit(0);
}
if (argument !== undefined && argument !== "--once") {
  console.error(
    `demo: there is no argument ${JSON.stringify(argument)}; allowed are --once and --help`,
  );
  exit(2);
}
try {
  exit(await demo(argument === "--once"));
} catch (error) {
  const problems = error instanceof ConfigError
    ? error.problems
    : [error instanceof Error ? error.message : String(error)];
  for (const problem of problems) console.error(`demo: ${problem}`);
  exit(error instanceof ConfigError ? 2 : 1);
}
