import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

/** A mail as a server got it. */
export interface ReceivedMail {
  readonly to: string;
  /** Headers and body, as they were sent. */
  readonly source: string;
}

/** What a server does. */
export interface SmtpServerOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly onMail: (mail: ReceivedMail) => void;
  /** The reply code by which a recipient is refused, 451 or 550; undefined if it is not. */
  readonly refuses?: (to: string) => number | undefined;
}

/** A small SMTP server on this machine, for those who have none: it delivers nothing. */
export async function startSmtpServer(
  { port, onMail, refuses }: SmtpServerOptions,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const smtp = new SMTPServer({
    name: "smtp.local",
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    onRcptTo({ address }, _session, done) {
      const responseCode = refuses?.(address);
      if (responseCode === undefined) return done();
      done(Object.assign(new Error(`${address} is refused here`), { responseCode }));
    },
    onData(stream, { envelope }, done) {
      text(stream).then((source) => {
        for (const { address } of envelope.rcptTo) onMail({ to: address, source });
        done();
      }, done);
    },
  });
  smtp.listen(port, "127.0.0.1");
  await once(smtp.server, "listening");
  const { port: actual } = smtp.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${actual}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => smtp.close(resolve)),
  };
}
