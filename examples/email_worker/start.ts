import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startMicroservice } from "../common/microservice.ts";
import { launchDequeuer, launchEnqueuer, layered, type ReadEnv } from "../common/proxymq.ts";
import { allReady, shownUrl } from "../common/ready.ts";
import type { RunningExample } from "../common/run_example.ts";
import { createApp } from "./app.ts";
import type { EmailWorkerConfig } from "./config.ts";
import { createMailer } from "./mailer.ts";
import { startSmtpServer } from "./smtp_server.ts";

/** The example. */
export interface RunningEmailWorker extends RunningExample {
  readonly enqueuerUrl: string;
}

const service = "email";

/** Starts the example. @param env the environment of enqueuer and dequeuer. */
export async function startEmailWorker(
  config: EmailWorkerConfig,
  env: ReadEnv,
): Promise<RunningEmailWorker> {
  const data = config.EMAIL_WORKER_DATA;
  mkdirSync(data, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const smtp = config.EMAIL_WORKER_SMTP_URL ?? stack.use(
    await startSmtpServer({
      port: 0,
      onMail: ({ to, source }) => console.log(`a mail for ${to}:\n${source}`),
    }),
  ).url;
  const mailer = stack.use(createMailer({
    url: smtp,
    connections: config.EMAIL_WORKER_CONNECTIONS,
    perSecond: config.EMAIL_WORKER_PER_SECOND,
  }));
  const app = createApp({ send: mailer.send, from: config.EMAIL_WORKER_FROM });
  const worker = stack.use(await startMicroservice(app, config.EMAIL_WORKER_PORT));
  const proxymq = layered(env, {
    fixed: {
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: worker.url,
      DEQUEUER_CONCURRENCY: String(config.EMAIL_WORKER_CONNECTIONS),
    },
    suggested: {
      BROKER_URL: `sqlite:${join(data, "broker.db")}`,
      // Mail servers that say "later" mean minutes and hours.
      DEQUEUER_RETRY_BASE: "10s",
      DEQUEUER_RETRY_MAX: "1h",
      DEQUEUER_MAX_ATTEMPTS: "12",
      DEQUEUER_PORT: "0",
    },
  });
  const enqueuer = stack.use(await launchEnqueuer(proxymq));
  const dequeuer = stack.use(await launchDequeuer(proxymq));
  await allReady([enqueuer, dequeuer]);
  const owned = stack.move();
  return {
    enqueuerUrl: enqueuer.url,
    about: `
  enqueuer   ${enqueuer.url}
  worker     ${worker.url}
  SMTP       ${shownUrl(smtp)}
  broker     ${shownUrl(proxymq("BROKER_URL") ?? "")}

Try next:
  curl -i ${enqueuer.url}/send \\
    --json '{"topic":"email","payload":{"to":"ada@example.org","subject":"Hello","text":"Hi"}}'
  curl ${enqueuer.url}/requests/{id}
`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
