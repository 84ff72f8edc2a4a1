import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startMicroservice } from "../common/microservice.ts";
import { launchDequeuer, launchEnqueuer, layered, type ReadEnv } from "../common/proxymq.ts";
import { allReady, shownUrl } from "../common/ready.ts";
import type { RunningExample } from "../common/run_example.ts";
import type { WebhooksConfig } from "./config.ts";
import { ProcessedStore, processor } from "./processor.ts";
import { acceptInto, receiver } from "./receiver.ts";
import { githubSender, standardSender } from "./senders.ts";

/** The example. */
export interface RunningWebhooks extends RunningExample {
  readonly receiverUrl: string;
  readonly processorUrl: string;
}

/** What {@link startWebhooks} needs beside the configuration. */
export interface StartOptions {
  /** The environment of enqueuer and dequeuer. */
  readonly env: ReadEnv;
  /** What takes so long about a webhook. @default a wait */
  readonly work?: () => Promise<void>;
}

const service = "webhooks";

/** Starts the example. */
export async function startWebhooks(
  config: WebhooksConfig,
  { env, work = () => delay(config.WEBHOOKS_WORK) }: StartOptions,
): Promise<RunningWebhooks> {
  const data = config.WEBHOOKS_DATA;
  mkdirSync(data, { recursive: true });
  const secret = config.WEBHOOKS_SECRET ?? `whsec_${randomBytes(24).toString("base64")}`;
  const githubSecret = config.WEBHOOKS_GITHUB_SECRET ?? randomBytes(24).toString("base64url");
  await using stack = new AsyncDisposableStack();
  const store = stack.use(new ProcessedStore(join(data, "processed.db")));
  const processes = stack.use(
    await startMicroservice(processor(store, work), config.WEBHOOKS_PROCESSOR_PORT),
  );
  const proxymq = layered(env, {
    fixed: { DEQUEUER_SERVICE: service, DEQUEUER_TARGET_URL: processes.url },
    suggested: { BROKER_URL: `sqlite:${join(data, "broker.db")}`, DEQUEUER_PORT: "0" },
  });
  const enqueuer = stack.use(await launchEnqueuer(proxymq));
  const dequeuer = stack.use(await launchDequeuer(proxymq));
  const senders = { standard: standardSender(secret), github: githubSender(githubSecret) };
  const app = receiver(senders, acceptInto(`${enqueuer.url}/proxy/${service}`));
  await allReady([enqueuer, dequeuer]);
  const receives = stack.use(await startMicroservice(app, config.WEBHOOKS_PORT));
  const owned = stack.move();
  const made = (value: string | undefined, shown: string) => value ? "as it was set" : shown;
  return {
    receiverUrl: receives.url,
    processorUrl: processes.url,
    about: `
  receiver        ${receives.url}/webhooks/standard and /webhooks/github
  processor       ${processes.url}
  enqueuer        ${enqueuer.url}
  broker          ${shownUrl(proxymq("BROKER_URL") ?? "")}
  secret          ${made(config.WEBHOOKS_SECRET, secret)}
  GitHub's        ${made(config.WEBHOOKS_GITHUB_SECRET, githubSecret)}

Try next what examples/webhooks/README.md says, and
  curl ${processes.url}/processed
`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
