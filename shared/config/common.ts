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
        "`amqp://user:password@a:5672,b:5672,c:5672/vhost` a cluster of it, whose nodes stand in for each other.",
      default: "sqlite:proxymq.db",
      secret: "userinfo",
    },
  ),
  RABBITMQ_QUEUE_TYPE: choice(["quorum", "classic"], {
    description: "The type of the queues that are declared on RabbitMQ.",
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

/** The broker's URL with the settings that its driver reads as query parameters. */
export function brokerUrl(
  config: { readonly BROKER_URL: string; readonly RABBITMQ_QUEUE_TYPE: "quorum" | "classic" },
): string {
  if (!/^(amqp|ws)s?:/.test(config.BROKER_URL)) return config.BROKER_URL;
  // As text: with several hosts it is none that URL can read.
  const [, base, query] = /^([^?#]*)\??([^#]*)/.exec(config.BROKER_URL) ?? [];
  const parameters = new URLSearchParams(query);
  if (parameters.has("queueType")) return config.BROKER_URL;
  parameters.set("queueType", config.RABBITMQ_QUEUE_TYPE);
  return `${base}?${parameters}`;
}

/** Whether a broker is a file of this machine, rather than a server. */
export function isEmbedded(brokerUrl: string): boolean {
  return brokerUrl.startsWith("sqlite:");
}
