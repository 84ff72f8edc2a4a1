import { until } from "./process.ts";
import type { Service, Source } from "./service.ts";
import { ServiceUnavailableError } from "./service.ts";

/** A server that somebody else runs, whose URL stands in an environment variable. */
export function givenSource(
  variable: string,
  given: Service["given"],
  accepts: (url: string) => Promise<boolean>,
): Source {
  const notOurs = () =>
    Promise.reject(new ServiceUnavailableError(`the server of ${variable} is not ours to stop`));
  return {
    how: "url",
    missing: () => Promise.resolve(given() === undefined ? `${variable} is not set` : undefined),
    async start({ signal, log }) {
      const url = given() ?? "";
      await until(() => accepts(url), {
        what: `the server of ${variable} accepting connections`,
        timeoutMs: 30_000,
        signal,
        onWait: (seconds) => log(`does not accept connections yet (${seconds} s)`),
      });
      return { how: "url", url };
    },
    isRunning: ({ url }) => accepts(url),
    stop: notOurs,
    restart: notOurs,
  };
}
