/**
 * `deno task demo`: the whole way of a request in one process, on the embedded broker.
 *
 * @module
 */
import { launchDequeuer, launchEnqueuer, layered } from "../examples/common/proxymq.ts";
import { allReady, shownUrl } from "../examples/common/ready.ts";
import { startUrlFetcher } from "../examples/url_fetcher/main.ts";
import { commonVariables } from "../shared/config/common.ts";
import { ConfigError } from "../shared/config/config.ts";
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

/** How long the demo waits for the response, milliseconds. */
const patienceMs = 20_000;

async function demo(once: boolean): Promise<number> {
  const terminated = termination();
  const env = layered(readEnv, {
    suggested: {
      BROKER_URL: commonVariables.BROKER_URL.default,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: fetcherUrl,
    },
  });
  await configureLog({ level: "warning", forPeople: true });

  await using stack = new AsyncDisposableStack();
  stack.use(startUrlFetcher({ port: 8082, allowPrivate: ["127.0.0.1"] }));
  const enqueuer = stack.use(await launchEnqueuer(env));
  const dequeuer = stack.use(await launchDequeuer(env));
  await allReady([enqueuer, dequeuer]);

  const front = enqueuer.url;
  const url = `${front}/proxy/${service}/fetch`;
  const page = `${front}/docs`;
  console.log(`
  enqueuer      ${front}         takes requests, docs at ${page}
  dequeuer      ${dequeuer.url}         consumes ${service}_requests
  url-fetcher   ${fetcherUrl}         the microservice; knows nothing of queues
  broker        ${shownUrl(env("BROKER_URL") ?? "")}

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
  const seconds = await timings(dequeuer.url);
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
