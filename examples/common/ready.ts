import { within } from "../../shared/waiting.ts";

/** How long the broker may take, milliseconds. */
const patienceMs = 20_000;

/**
 * Waits until all are ready.
 * @throws {Error} the broker does not let them be, or not in time.
 */
export async function allReady(
  services: readonly { readonly ready: Promise<void> }[],
): Promise<void> {
  await within(Promise.all(services.map(({ ready }) => ready)), {
    ms: patienceMs,
    late: () => new Error(`the broker was not ready within ${patienceMs / 1000} s`),
  });
}

/** A broker's URL without user, password and parameters. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, "//").replace(/[?#].*$/s, "");
}
