import { BrokerError, BrokerUnavailableError } from "../errors.ts";

/** The reply codes of AMQP that mean something to this driver. */
export const replyCodes = {
  accessRefused: 403,
  notFound: 404,
  resourceLocked: 405,
  preconditionFailed: 406,
  notAllowed: 530,
} as const;

/** The text of an error, whatever was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The reply code with which the server closed a channel or connection; 0 if it was not the server. */
export function replyCodeOf(error: unknown): number {
  return Number(/ closed: .*\((\d{3})\)$/s.exec(textOf(error))?.[1] ?? 0);
}

/** What the server said when it closed a channel or connection, without what the client adds. */
export function replyTextOf(error: unknown): string {
  return textOf(error).replace(/^(?:channel \d+|connection) closed: /, "").replace(
    / \(\d{3}\)$/,
    "",
  );
}

/** Whether a channel was closed because its connection is gone, by the reason given. */
export function isConnectionLoss(reason: string): boolean {
  return reason.startsWith("connection ") || reason.startsWith("Socket ");
}

/**
 * The contract's error for one of the client library, which is not passed on as a cause: it holds
 * the whole connection.
 */
export function brokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  if (replyCodeOf(error) === replyCodes.accessRefused) {
    return new BrokerError(`RabbitMQ refuses this user: ${replyTextOf(error)}`);
  }
  return new BrokerUnavailableError(`RabbitMQ is not available: ${replyTextOf(error)}`);
}
