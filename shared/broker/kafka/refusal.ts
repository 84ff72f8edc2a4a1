import { findErrorBy, protocolErrors, protocolErrorsCodesById } from "@platformatic/kafka";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";

/** The error codes of Kafka that are told apart. */
export const codes = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicasAfterAppend: 20,
  unknownMember: 25,
  clusterForbidden: 31,
  topicExists: 36,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  unknownProducer: 59,
  groupNotFound: 69,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
  invalidRecordState: 121,
  shareSessionNotFound: 122,
  invalidShareSessionEpoch: 123,
} as const;

/** The topic is not, or no longer, there. */
export function isMissingTopic(code: number | undefined): boolean {
  return code === codes.unknownTopic || code === codes.unknownTopicId ||
    code === codes.inconsistentTopicId;
}

/** Another server is asked for this now. */
export function isMoved(code: number | undefined): boolean {
  return code === codes.notLeader || code === codes.leaderNotAvailable;
}

/** The group's coordinator is elsewhere, or not ready. */
export function isUncoordinated(code: number | undefined): boolean {
  return code === codes.coordinatorLoading || code === codes.coordinatorNotAvailable ||
    code === codes.notCoordinator;
}

/** The code in an error of the client library, if the server has sent one. */
export function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const known = Object.values(codes).find((code) => findErrorBy(error, "apiCode", code) !== null);
  if (known !== undefined) return known;
  const [first] = error instanceof AggregateError ? error.errors : [error];
  return typeof first?.apiCode === "number" ? first.apiCode : undefined;
}

/** What a code means, in Kafka's own words. */
export function textOf(code: number): string {
  const id = protocolErrorsCodesById[code];
  const known = id === undefined ? undefined : protocolErrors[id];
  return known ? `${known.id}: ${known.message}` : `Kafka's error ${code}`;
}

/** A code as an error of the contract. */
export function refused(code: number, what: string): BrokerError {
  return new BrokerUnavailableError(`${what}: ${textOf(code)}`);
}

/** An error of the client library as one of the contract. @param what it is about, if that is to be said. */
export function brokerError(error: unknown, what?: string): BrokerError {
  if (error instanceof BrokerError) return error;
  const code = codeOf(error);
  const text = code === undefined ? messageOf(error) : textOf(code);
  return new BrokerUnavailableError(what === undefined ? text : `${what}: ${text}`, {
    cause: error,
  });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `${error}`;
  const { cause } = error;
  // Where it was going is said by who asks.
  if (cause instanceof Error && error.message.startsWith("Connection to ")) return cause.message;
  return cause instanceof Error ? `${error.message} (${cause.message})` : error.message;
}

/** The whole answer, also where the client library throws because a part of it is an error. */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && "response" in error && error.response) return error.response as T;
    throw error;
  }
}
