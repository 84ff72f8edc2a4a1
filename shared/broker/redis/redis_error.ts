import { ErrorReply } from "@redis/client";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";

/** Answers by which a server says that it takes nothing just now. */
const refusals = /^(LOADING|MASTERDOWN|READONLY|MISCONF|NOREPLICAS|CLUSTERDOWN|BUSY|TRYAGAIN) /;

/** An error of the client as one of the contract, with itself as the cause. */
export function brokerError(error: unknown): BrokerError {
  const text = error instanceof Error ? error.message : "";
  const refused = error instanceof ErrorReply && !refusals.test(text);
  return refused ? new BrokerError(`Redis refuses: ${text}`, { cause: error }) : unavailable(error);
}

/** An error that means that the server takes nothing just now. */
export function unavailable(error: unknown): BrokerUnavailableError {
  const text = error instanceof Error ? error.message : "";
  return new BrokerUnavailableError(text || "the connection was lost", { cause: error });
}

/** Whether the server has no memory left for what it was given. */
export function isFull(error: unknown): boolean {
  return /\bOOM\b/.test(answerIn(error));
}

/** Whether a script is to be loaded (again): the server has forgotten it. */
export function isScriptMissing(error: unknown): boolean {
  return answerIn(error).startsWith("NOSCRIPT");
}

/** What the server answered, of an error of ours or of the client. */
function answerIn(error: unknown): string {
  const reply = error instanceof BrokerError ? error.cause : error;
  return reply instanceof ErrorReply ? reply.message : "";
}
