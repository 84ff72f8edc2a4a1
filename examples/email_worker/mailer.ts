import { createTransport } from "nodemailer";

/** A mail. */
export interface Mail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  /** With its angle brackets. */
  readonly messageId: string;
}

/** Sends a mail. @returns what the server said. @throws what {@link verdictOf} reads. */
export type SendMail = (mail: Mail) => Promise<string>;

/** How mails are sent. */
export interface MailerOptions {
  /** `smtp://user:password@host:587`, or `smtps:`. */
  readonly url: string;
  /** How many connections there are to the server at most. */
  readonly connections: number;
  /** How many mails a second are sent at most; the others wait. */
  readonly perSecond: number;
}

const patienceMs = 30_000;

/** Sends by SMTP, over connections that are kept. */
export function createMailer(
  { url, connections, perSecond }: MailerOptions,
): { readonly send: SendMail } & Disposable {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(username === "" ? {} : {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    }),
    pool: true,
    maxConnections: connections,
    rateDelta: 1_000,
    rateLimit: perSecond,
    // Without it the machine's own would be asked for.
    name: "email-worker.local",
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (mail) => (await transport.sendMail(mail)).response,
    [Symbol.dispose]: () => transport.close(),
  };
}
