import type { Broker } from "../../shared/broker/broker.ts";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import { Problem } from "../../shared/http/problem.ts";

/**
 * Makes sure that a priority will do something. That of 0 is what a request without has, and is
 * taken everywhere.
 * @throws {Problem} `no-priorities`, if the broker has none.
 * @throws {BrokerUnavailableError} it has not been connected yet, so that nobody knows.
 */
export function checkPriority(
  { capabilities, status }: Pick<Broker, "capabilities" | "status">,
  priority: number | undefined,
): void {
  if (!priority) return;
  const { priorities } = capabilities;
  if (priorities === undefined) throw new BrokerUnavailableError(status.detail);
  if (priorities !== "none") return;
  throw new Problem("no-priorities", {
    detail:
      `the priority is ${priority}, and the broker has no priorities: leave it out, or say 0. It is ` +
      status.detail,
  });
}
