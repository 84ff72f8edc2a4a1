import type { Config } from "../../shared/config/config.ts";
import { integer, port, text } from "../../shared/config/variable.ts";

const variables = {
  EMAIL_WORKER_SMTP_URL: text(/^smtps?:\/\/\S+$/, "a URL that starts with smtp:// or smtps://", {
    description:
      "The SMTP server, as `smtp://user:password@mail.example.com:587`. Unless set, one " +
      "is started that delivers nothing and prints what it gets.",
    secret: "userinfo",
  }),
  EMAIL_WORKER_FROM: text(/^[^\r\n]*@[\w.-]+>?$/, "an address", {
    description: "Whom the mails are from.",
    default: "ProxyMQ <mails@example.com>",
  }),
  EMAIL_WORKER_PER_SECOND: integer(1, 10_000, {
    description: "How many mails a second are sent at most.",
    default: "10",
  }),
  EMAIL_WORKER_CONNECTIONS: integer(1, 100, {
    description:
      "How many connections there are to the SMTP server at most; as many requests are " +
      "taken out of the queue at once.",
    default: "4",
  }),
  EMAIL_WORKER_PORT: port({ description: "The worker's port.", default: "8088" }),
  EMAIL_WORKER_DATA: text(/^[^\0]+$/, "a folder", {
    description: "Where the broker is, unless `BROKER_URL` is set.",
    default: ".data/email_worker",
  }),
};

/** The example's manual. */
export const manual = {
  name: "example:email_worker",
  summary: "A worker that sends mails by SMTP, with retries and a rate limit.",
  variables,
};

/** What the example can be told. */
export type EmailWorkerConfig = Config<typeof variables>;
