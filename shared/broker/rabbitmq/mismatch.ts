import { QueueMismatchError } from "../errors.ts";
import { replyCodes, replyTextOf } from "./refusal.ts";

const inequivalent =
  /inequivalent arg '([^']*)' for (queue|exchange) '(.*)' in vhost '.*': received (.*) but current is (.*)$/s;

/**
 * The one sentence for a server's refusal to declare what exists already in another way.
 *
 * @param code the server's reply code.
 * @returns undefined if the refusal is of another kind.
 */
export function mismatch(
  error: unknown,
  code: number,
  queue: string,
): QueueMismatchError | undefined {
  if (code === replyCodes.resourceLocked) {
    return new QueueMismatchError(
      `the queue "${queue}" belongs to another connection alone: choose another name, or end that connection`,
    );
  }
  if (code !== replyCodes.preconditionFailed) return undefined;
  const text = replyTextOf(error);
  const [, argument, kind, name, wanted, found] = inequivalent.exec(text) ?? [];
  if (!argument || !kind || wanted === undefined || found === undefined) {
    return new QueueMismatchError(
      `the queue "${queue}" cannot be declared, RabbitMQ says: ${text}; drain and delete it, or use another name`,
    );
  }
  const existing = value(found);
  const choice = choiceFor(argument, existing);
  const remedy = choice
    ? `drain and delete it, or set RABBITMQ_QUEUE_TYPE=${choice}`
    : kind === "queue"
    ? "drain and delete it, so that it is declared anew"
    : "delete it, so that it is declared anew";
  return new QueueMismatchError(
    `the ${kind} "${name}" exists with ${argument} ${quoted(existing)}, ` +
      `but is wanted with ${quoted(value(wanted))}: ${remedy}`,
  );
}

/** The setting by which a queue would be declared as it exists, as far as one argument tells. */
function choiceFor(argument: string, existing: string | undefined): string | undefined {
  if (argument === "x-queue-type" && (existing === "classic" || existing === "quorum")) {
    return existing;
  }
  if (argument !== "x-max-priority") return undefined;
  if (existing === undefined) return "classic";
  return existing === "9" ? "classic-priority" : undefined;
}

function value(said: string): string | undefined {
  if (said === "none") return undefined;
  return (/^the value '(.*)' of type '\w+'$/s.exec(said) ?? /^'(.*)'$/s.exec(said))?.[1] ?? said;
}

function quoted(text: string | undefined): string {
  return text === undefined ? "unset" : `"${text}"`;
}
