import { brokerSchemes } from "../broker/open.ts";
import { logLevels } from "../log.ts";
import { choice, text } from "./variable.ts";

/** The variables that the enqueuer and the dequeuer share. */
export const commonVariables = {
  BROKER_URL: text(
    new RegExp(`^(${brokerSchemes.join("|")})`),
    `a URL that starts with ${brokerSchemes.join(" ")}`,
    {
      description: "The broker. `sqlite:FILE` is embedded and needs no server; " +
        "`amqp://user:password@host:5672/vhost` is RabbitMQ, " +
        "`amqp://user:password@a:5672,b:5672,c:5672/vhost` a cluster of it, whose nodes stand in for each other; " +
        "`redis://user:password@host:6379/0` is Redis or Valkey, `rediss://` over TLS.",
      default: "sqlite:proxymq.db",
      secret: "userinfo",
    },
  ),
  RESULTS_URL: text(
    new RegExp(`^(${brokerSchemes.join("|")})`),
    `a URL that starts with ${brokerSchemes.join(" ")}`,
    {
      description:
        "Where the states and responses of requests are kept that nobody waits for; the " +
        "same for enqueuers and dequeuers. In the broker unless set.",
      secret: "userinfo",
    },
  ),
  RABBITMQ_QUEUE_TYPE: choice(["quorum", "classic", "classic-priority"], {
    description: "The type of the queues that are declared on RabbitMQ; `classic-priority` are " +
      "classic ones with priorities, which quorum queues have since RabbitMQ 4.",
    default: "quorum",
  }),
  LOG_LEVEL: choice(logLevels, {
    description: "How much is logged.",
    default: "info",
  }),
  LOG_FORMAT: choice(["auto", "json", "text"], {
    description: "One JSON object a line, or text for people; `auto` is text on a terminal.",
    default: "auto",
  }),
};

interface BrokerSettings {
  readonly BROKER_URL: string;
  readonly RABBITMQ_QUEUE_TYPE: "quorum" | "classic" | "classic-priority";
}

/** The broker's URL with the settings that its driver reads as query parameters. */
export function brokerUrl(config: BrokerSettings): string {
  return withSettings(config.BROKER_URL, config);
}

/** The same for the result store's broker; undefined if it is the broker itself. */
export function resultsUrl(
  config: BrokerSettings & { readonly RESULTS_URL?: string | undefined },
): string | undefined {
  const url = config.RESULTS_URL;
  return url === undefined || url === config.BROKER_URL ? undefined : withSettings(url, config);
}

function withSettings(url: string, { RABBITMQ_QUEUE_TYPE }: BrokerSettings): string {
  if (!/^(amqp|ws)s?:/.test(url)) return url;
  // As text: with several hosts it is none that URL can read.
  const [, base, query] = /^([^?#]*)\??([^#]*)/.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  if (parameters.has("queueType")) return url;
  parameters.set("queueType", RABBITMQ_QUEUE_TYPE);
  return `${base}?${parameters}`;
}

/** Whether files of this machine are needed, rather than servers alone. */
export function needsFiles(
  { BROKER_URL, RESULTS_URL }: {
    readonly BROKER_URL: string;
    readonly RESULTS_URL?: string | undefined;
  },
): boolean {
  return [BROKER_URL, RESULTS_URL].some((url) => url?.startsWith("sqlite:"));
}
